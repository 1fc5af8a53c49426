"""Flat cuts through a foot along its own axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES, PHALANGES, PLANTAR_LABELS
from pipeline.domain.grid import Grid
from pipeline.domain.landmarks import FootFrame
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Side

LONG, RIGHTWARD, DORSAL = 0, 1, 2
PITCH_MM = 0.3
_MARGINS_MM = np.array((12.0, 14.0, 14.0))

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cut:
    """A plane across one axis of the foot, and how it lies on the page.

    Parameters
    ----------
    across
        Axis that the plane is perpendicular to: long, rightward (the body's right,
        so that nothing is mirrored on the page) or dorsal.
    position_mm
        Where it cuts that axis.
    horizontal
        Axis that runs to the right on the page.
    vertical
        Axis that runs up the page.
    upside_down
        Whether the vertical axis runs down instead.
    """

    across: int
    position_mm: float
    horizontal: int
    vertical: int
    upside_down: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The part of a foot that the pictures show.

    Parameters
    ----------
    axes
        Rows: long, rightward and dorsal unit vectors in the world.
    origin
        World position of the foot frame's origin, mm.
    low, high
        Ends of the box along the three axes, mm.
    muscles_mm
        Positions of the muscle voxels along the three axes, by label.
    """

    axes: Array
    origin: Array
    low: Array
    high: Array
    muscles_mm: dict[int, Array]

    @classmethod
    def of(cls, split: RegionSplit) -> "View":
        """Frame the muscles of a foot, and its whole length."""
        muscles, bones = split.segmentation.muscles, split.segmentation.bones
        frame = split.landmarks.frame
        places = {
            m.index: _places(muscles.voxels == m.index, muscles.grid, frame, split.side)
            for m in MUSCLES
        }
        places = {index: points for index, points in places.items() if len(points)}
        foot = (bones.voxels > 0) & (bones.voxels <= PHALANGES)
        skeleton = _places(foot, bones.grid, frame, split.side)
        shown = np.vstack([*places.values(), skeleton])
        if not len(shown):
            shown = _seen(frame.coordinates(muscles.grid.corners_mm()), split.side)
        soft = np.vstack(list(places.values())) if places else shown
        low, high = soft.min(axis=0), soft.max(axis=0)
        low[LONG], high[LONG] = shown[:, LONG].min(), shown[:, LONG].max()
        axes = np.array((frame.long, frame.lateral, frame.dorsal))
        axes[RIGHTWARD] *= _rightward(split.side)
        return cls(axes, np.array(frame.origin), low - _MARGINS_MM, high + _MARGINS_MM, places)

    def extent(self, cut: Cut) -> tuple[float, float, float, float]:
        """Give left, right, bottom and top of the page, in mm along the axes."""
        left, right = self.low[cut.horizontal], self.high[cut.horizontal]
        bottom, top = self.low[cut.vertical], self.high[cut.vertical]
        if cut.upside_down:
            bottom, top = top, bottom
        return float(left), float(right), float(bottom), float(top)

    def width_over_height(self, cut: Cut) -> float:
        """Give the shape of the page."""
        left, right, bottom, top = self.extent(cut)
        return abs((right - left) / (top - bottom))

    def page_axes(self, cut: Cut) -> tuple[Array, Array]:
        """Give the positions of the page's columns and rows, in mm along the axes."""
        left, right, bottom, top = self.extent(cut)
        columns = np.linspace(left, right, max(2, round(abs(right - left) / PITCH_MM)))
        rows = np.linspace(bottom, top, max(2, round(abs(top - bottom) / PITCH_MM)))
        return columns, rows

    def world_mm(self, cut: Cut) -> Array:
        """Give the world position of every point of the page, shape (rows, columns, 3)."""
        columns, rows = self.page_axes(cut)
        along = np.empty((rows.size, columns.size, 3))
        along[..., cut.across] = cut.position_mm
        along[..., cut.horizontal] = columns
        along[..., cut.vertical] = rows[:, np.newaxis]
        world: Array = along @ self.axes + self.origin
        return world

    def levels_mm(self, count: int) -> list[float]:
        """Choose where to cut across the foot so that every plantar muscle is met.

        Notes
        -----
        Every muscle weighs the same, however small; each level stands for an equal
        part of that weight.
        """
        plantar = [
            points[:, LONG]
            for index, points in self.muscles_mm.items()
            if index in PLANTAR_LABELS
        ]
        if not plantar:
            return [
                float(v) for v in np.linspace(self.low[LONG], self.high[LONG], count + 2)[1:-1]
            ]
        edges = np.arange(min(p.min() for p in plantar) - 1, max(p.max() for p in plantar) + 1)
        shares = sum(np.histogram(p, bins=edges)[0] / p.size for p in plantar)
        risen = np.cumsum(shares) / len(plantar)
        levels = np.interp((np.arange(count) + 0.5) / count, risen, edges[1:])
        return [float(level) for level in levels]

    def plantar_height_mm(self) -> float:
        """Choose the height above the sole that has most muscle on either side."""
        heights = [points[:, DORSAL] for points in self.muscles_mm.values()]
        return float(np.median(np.hstack(heights))) if heights else 20.0


def _rightward(side: Side) -> int:
    """Give the sign that turns lateral into the body's right."""
    return 1 if side is Side.RIGHT else -1


def _seen(coordinates: Array, side: Side) -> Array:
    """Turn lateral into the body's right."""
    return coordinates * (1, _rightward(side), 1)


def _places(mask: NDArray[np.bool_], grid: Grid, frame: FootFrame, side: Side) -> Array:
    """Give where the voxels of a mask are along the view's axes, mm."""
    return _seen(frame.coordinates(grid.to_world(np.argwhere(mask))), side)


def sample(values: NDArray[np.float32], grid: Grid, world_mm: Array) -> Array:
    """Interpolate linearly between voxels; beyond the image there is 0."""
    index = np.moveaxis(grid.to_index(world_mm), -1, 0)
    sampled: Array = ndimage.map_coordinates(values, index, order=1, output=np.float64)
    return sampled
