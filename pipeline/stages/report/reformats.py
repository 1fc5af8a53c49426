"""Planar reformats of a scan along the axes of the foot."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import PHALANGES, PLANTAR_LABELS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.landmarks import FootFrame
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Side
from pipeline.segmenters.components import Box, indices_in_image, label_boxes

LONG, RIGHTWARD, DORSAL = 0, 1, 2
PITCH_MM = 0.3
_MARGINS_MM = np.array((12.0, 14.0, 14.0))

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cut:
    """A plane perpendicular to one axis of the foot, and its orientation on the page.

    Parameters
    ----------
    across
        Axis perpendicular to the plane: long, rightward (the body's right, so that nothing
        is mirrored on the page) or dorsal.
    position_mm
        Position on that axis.
    horizontal
        Axis that points right on the page.
    vertical
        Axis that points up on the page.
    upside_down
        Whether the vertical axis points down instead.
    """

    across: int
    position_mm: float
    horizontal: int
    vertical: int
    upside_down: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The box of the foot that the pictures show.

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
    reach_mm
        How far a voxel's value reaches along the three axes when it is interpolated.
    """

    axes: Array
    origin: Array
    low: Array
    high: Array
    muscles_mm: dict[int, Array]
    reach_mm: Array

    @classmethod
    def of(cls, split: RegionSplit) -> "View":
        """Fit the box to the muscles of a foot and to its whole length."""
        muscles, bones = split.segmentation.muscles, split.segmentation.bones
        frame = split.landmarks.frame
        positions = _positions(muscles, frame, split.side)
        skeleton = [
            points
            for bone, points in _positions(bones, frame, split.side).items()
            if bone <= PHALANGES
        ]
        corners = _to_rightward(frame.coordinates(muscles.grid.corners_mm()), split.side)
        shown = np.vstack([*positions.values(), *skeleton] or [corners])
        soft = np.vstack(list(positions.values())) if positions else shown
        low, high = soft.min(axis=0), soft.max(axis=0)
        low[LONG], high[LONG] = shown[:, LONG].min(), shown[:, LONG].max()
        axes = np.array((frame.long, frame.lateral, frame.dorsal))
        axes[RIGHTWARD] *= _rightward(split.side)
        low, high = low - _MARGINS_MM, high + _MARGINS_MM
        reach_mm = np.abs(axes @ muscles.grid.matrix[:3, :3]).sum(axis=1)
        return cls(axes, np.array(frame.origin), low, high, positions, reach_mm)

    def extent(self, cut: Cut) -> tuple[float, float, float, float]:
        """Give left, right, bottom and top of the page, in mm along the axes."""
        left, right = self.low[cut.horizontal], self.high[cut.horizontal]
        bottom, top = self.low[cut.vertical], self.high[cut.vertical]
        if cut.upside_down:
            bottom, top = top, bottom
        return float(left), float(right), float(bottom), float(top)

    def width_over_height(self, cut: Cut) -> float:
        """Give the aspect ratio of the page."""
        left, right, bottom, top = self.extent(cut)
        return abs((right - left) / (top - bottom))

    def page_axes(self, cut: Cut, pitch_mm: float = PITCH_MM) -> tuple[Array, Array]:
        """Give the positions of the page's columns and rows, in mm along the axes."""
        left, right, bottom, top = self.extent(cut)
        columns = np.linspace(left, right, max(2, round(abs(right - left) / pitch_mm)))
        rows = np.linspace(bottom, top, max(2, round(abs(top - bottom) / pitch_mm)))
        return columns, rows

    def window(self, cut: Cut, label: int) -> tuple[slice, slice] | None:
        """Give the rows and columns of the page that a muscle may reach; None if none."""
        low, high = (
            end(axis=0) for end in (self.muscles_mm[label].min, self.muscles_mm[label].max)
        )
        low, high = low - self.reach_mm, high + self.reach_mm
        if not low[cut.across] <= cut.position_mm <= high[cut.across]:
            return None
        columns, rows = self.page_axes(cut)
        inside = [
            np.flatnonzero((low[axis] <= positions) & (positions <= high[axis]))
            for axis, positions in ((cut.vertical, rows), (cut.horizontal, columns))
        ]
        return slice(inside[0][0], inside[0][-1] + 1), slice(inside[1][0], inside[1][-1] + 1)

    def world_mm(self, cut: Cut, pitch_mm: float = PITCH_MM) -> Array:
        """Give the world position of every point of the page, shape (rows, columns, 3)."""
        columns, rows = self.page_axes(cut, pitch_mm)
        along = np.empty((rows.size, columns.size, 3))
        along[..., cut.across] = cut.position_mm
        along[..., cut.horizontal] = columns
        along[..., cut.vertical] = rows[:, np.newaxis]
        world: Array = along @ self.axes + self.origin
        return world

    def levels_mm(self, count: int) -> list[float]:
        """Choose sections across the foot that show every plantar muscle.

        Notes
        -----
        Every muscle has the same weight, whatever its size; the levels are quantiles of the
        summed weights along the long axis.
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
        weights = sum(np.histogram(p, bins=edges)[0] / p.size for p in plantar)
        cumulative = np.cumsum(weights) / len(plantar)
        levels = np.interp((np.arange(count) + 0.5) / count, cumulative, edges[1:])
        return [float(level) for level in levels]

    def second_ray(self) -> Cut:
        """Give the plane along the second ray, seen from the right of the body."""
        # the long axis passes through the head of metatarsal 2
        return Cut(RIGHTWARD, 0.0, LONG, DORSAL)

    def sole(self) -> Cut:
        """Give the plane parallel to the sole, seen from above."""
        return Cut(DORSAL, self.plantar_height_mm(), LONG, RIGHTWARD, upside_down=True)

    def plantar_height_mm(self) -> float:
        """Give the median height of muscle above the sole."""
        heights = [points[:, DORSAL] for points in self.muscles_mm.values()]
        return float(np.median(np.hstack(heights))) if heights else 20.0


def _rightward(side: Side) -> int:
    """Give the sign that turns lateral into the body's right."""
    return 1 if side is Side.RIGHT else -1


def _to_rightward(coordinates: Array, side: Side) -> Array:
    """Turn lateral into the body's right."""
    return coordinates * (1, _rightward(side), 1)


def _positions(labels: LabelMap, frame: FootFrame, side: Side) -> dict[int, Array]:
    """Give the positions of each structure's voxels along the axes of the view, mm."""
    indices = {
        label: np.array(indices_in_image(labels.voxels[box] == label, box)).T
        for label, box in label_boxes(labels).items()
    }
    return {
        label: _to_rightward(frame.coordinates(labels.grid.to_world(voxels)), side)
        for label, voxels in indices.items()
    }


def sample(
    values: NDArray[Any], grid: Grid, world_mm: Array, order: Literal[0, 1] = 1
) -> Array:
    """Interpolate linearly between voxels, or take the nearest (order 0); 0 outside."""
    return _sample_at(values, indices_at(grid, world_mm), order)


def indices_at(grid: Grid, world_mm: Array) -> Array:
    """Give the fractional voxel indices of points, with the coordinates as the first axis."""
    return np.moveaxis(grid.to_index(world_mm), -1, 0)


def _sample_at(values: NDArray[Any], index: Array, order: Literal[0, 1] = 1) -> Array:
    sampled: Array = ndimage.map_coordinates(values, index, order=order, output=np.float64)
    return sampled


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One structure of an image, to be interpolated without the rest of the image.

    Parameters
    ----------
    mask
        1 in the structure and 0 in a margin of one voxel.
    first
        Index of the first voxel of `mask` in the image.
    """

    mask: NDArray[np.float32]
    first: Array

    @classmethod
    def of(cls, mask: NDArray[np.bool_], box: Box) -> "Structure":
        """Take the structure from its mask in a box of the image."""
        return cls(np.pad(mask.astype(np.float32), 1), np.array([s.start - 1 for s in box]))

    def fraction_at(self, index: Array) -> Array:
        """Interpolate at indices of the image, as `indices_at` gives them."""
        return _sample_at(self.mask, index - self.first.reshape(3, *(1,) * (index.ndim - 1)))


def structures(labels: LabelMap) -> dict[int, Structure]:
    """Give every structure that is present, by label."""
    return {
        label: Structure.of(labels.voxels[box] == label, box)
        for label, box in label_boxes(labels).items()
    }
