"""Muscles and bones in three dimensions, seen from three sides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_COLOUR, MUSCLE_COLOURS, MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Side
from pipeline.stages.report.encode import small_png
from pipeline.stages.report.reformats import (
    DORSAL,
    LONG,
    RIGHTWARD,
    Structure,
    View,
    indices_at,
    structures,
)

_PITCH_MM = 1.2
_SMOOTHING_MM = 1.0
_ENLARGED = 3  # pixels of a view per step of the lattice
_ABOVE_MM = 30.0  # of bone above the muscles, so that the ankle is recognised
_BONE = len(MUSCLES) + 1
_COLOURS = {**MUSCLE_COLOURS, _BONE: BONE_COLOUR}
_LIGHT = np.array((-0.35, 0.45, 0.82))  # to the right, up and toward the viewer
_AMBIENT, _EDGE = 0.35, 0.5
_MIN_NAMED_PIXELS = 9.0
_SIZE_INCH, _DPI = (11.0, 5.8), 100

Array = NDArray[Any]
Volume = NDArray[np.float32]
Image = NDArray[np.float64]
Labels = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """One structure on the lattice of the foot.

    Parameters
    ----------
    box
        Where it lies in the lattice.
    fraction
        Smoothed partial-volume fraction in that box; the surface is at one half.
    """

    label: int
    box: tuple[slice, ...]
    fraction: Volume


@dataclass(frozen=True, slots=True)
class Look:
    """A direction of view: along an axis of the foot, from its high or its low end."""

    name: str
    axis: int
    from_high: bool

    @property
    def is_reversed(self) -> bool:
        """Whether the toes point left, so that nothing is mirrored."""
        return self.axis == RIGHTWARD and not self.from_high

    def ordered(self, fraction: Volume) -> Volume:
        """Order the axes as depth from the viewer, rows from below, and columns."""
        ahead = np.moveaxis(fraction, self.axis, 0)
        ahead = ahead[::-1] if self.from_high else ahead
        rows = np.swapaxes(ahead, 1, 2)  # the long axis lies along the columns
        return rows[..., ::-1] if self.is_reversed else rows

    def placed(self, box: tuple[slice, ...], shape: Array) -> tuple[int, slice, slice]:
        """Give the depth at which a box begins, and its rows and columns."""
        across = RIGHTWARD if self.axis == DORSAL else DORSAL
        depth, rows, columns = box[self.axis], box[across], box[LONG]
        first = int(shape[self.axis]) - depth.stop if self.from_high else depth.start
        if self.is_reversed:
            columns = slice(int(shape[LONG]) - columns.stop, int(shape[LONG]) - columns.start)
        return first, _enlarged(rows), _enlarged(columns)


def surface(split: RegionSplit) -> bytes:
    """Draw the surfaces of muscles and bones from three sides, as PNG.

    Notes
    -----
    Each view shows the nearest surface along its direction, lit from the upper left; nothing
    is mirrored. The dashed line is the border.
    """
    view = View.of(split)
    low, high = view.low, view.high + np.array((0, 0, _ABOVE_MM))
    shape = np.ceil((high - low) / _PITCH_MM).astype(int) + 1
    solids = list(_solids(view, split, low, shape))
    is_left = split.side is Side.LEFT  # and then medial is the body's right
    looks = (
        Look("from the sole", DORSAL, from_high=False),
        Look("lateral", RIGHTWARD, from_high=not is_left),
        Look("medial", RIGHTWARD, from_high=is_left),
    )
    border = (split.landmarks.border.position_mm - low[LONG]) / _PITCH_MM
    return _figure(looks, [render_look(solids, shape, look) for look in looks], border, shape)


def _solids(view: View, split: RegionSplit, low: Array, shape: Array) -> Iterator[Solid]:
    """Sample each muscle in its own box, and all bones in the whole lattice."""
    margin_mm = view.reach_mm + 3 * _SMOOTHING_MM
    muscles = structures(split.muscles)
    for label, points_mm in view.muscles_mm.items():
        first = np.floor((points_mm.min(axis=0) - margin_mm - low) / _PITCH_MM).astype(int)
        last = np.ceil((points_mm.max(axis=0) + margin_mm - low) / _PITCH_MM).astype(int)
        box = np.maximum(first, 0), np.minimum(last + 1, shape)
        yield _solid(label, muscles[label], box, view, split.muscles.grid, low)
    bones = split.segmentation.bones
    mask = bones.voxels > 0
    for inside in ndimage.find_objects(mask.astype(np.uint8)):
        skeleton = Structure.of(mask[inside], inside)
        yield _solid(_BONE, skeleton, (0 * shape, shape), view, bones.grid, low)


def _solid(
    label: int,
    structure: Structure,
    box: tuple[Array, Array],
    view: View,
    grid: Grid,
    low: Array,
) -> Solid:
    along = [_PITCH_MM * np.arange(a, b) + mm for a, b, mm in zip(*box, low, strict=True)]
    points = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1)
    fraction = structure.fraction_at(indices_at(grid, points @ view.axes + view.origin))
    smooth = ndimage.gaussian_filter(fraction.astype(np.float32), _SMOOTHING_MM / _PITCH_MM)
    return Solid(label, tuple(slice(int(a), int(b)) for a, b in zip(*box, strict=True)), smooth)


def render_look(solids: Sequence[Solid], shape: Array, look: Look) -> tuple[Image, Labels]:
    """Give the shade of every pixel, and the label of what is nearest, from below up."""
    across = RIGHTWARD if look.axis == DORSAL else DORSAL
    size = tuple(int(_ENLARGED * shape[axis]) for axis in (across, LONG))
    nearest = np.full(size, np.inf)
    shades, labels = np.ones(size), np.zeros(size, dtype=np.int16)
    for solid in solids:
        first, *window = look.placed(solid.box, shape)
        at = tuple(window)
        depth, is_hit = _depth(look.ordered(solid.fraction))
        is_front = is_hit & (first + depth < nearest[at])
        for image, values in ((nearest, first + depth), (shades, _shade(depth))):
            image[at][is_front] = values[is_front]
        labels[at][is_front] = solid.label
    edges = ndimage.grey_erosion(labels, (3, 3)) != ndimage.grey_dilation(labels, (3, 3))
    shades[edges & (labels != 0)] *= _EDGE
    return shades, labels


def _enlarged(side: slice) -> slice:
    return slice(_ENLARGED * side.start, _ENLARGED * side.stop)


def _depth(fraction: Volume) -> tuple[Image, NDArray[np.bool_]]:
    """Give the distance to the surface in steps of the lattice, enlarged, and where it is."""
    first = (fraction > 0.5).argmax(axis=0)
    at = np.take_along_axis(fraction, first[np.newaxis], 0)[0]
    before = np.take_along_axis(fraction, np.maximum(first - 1, 0)[np.newaxis], 0)[0]
    depth = first - (at - 0.5) / np.maximum(at - before, 1e-3)
    peak = fraction.max(axis=0)
    nearest = ndimage.distance_transform_edt(
        peak <= 0.5, return_distances=False, return_indices=True
    )
    depth, peak = (
        ndimage.zoom(values, _ENLARGED, order=1, mode="nearest", grid_mode=True)
        for values in (depth[tuple(nearest)], peak)
    )
    return ndimage.gaussian_filter(depth, _ENLARGED / 2), peak > 0.5


def _shade(depth: Image) -> Image:
    """Give the brightness of a surface by its slope (Lambert)."""
    up, right = np.gradient(depth * _ENLARGED)
    facing = (right * _LIGHT[0] + up * _LIGHT[1] + _LIGHT[2]) / np.sqrt(right**2 + up**2 + 1)
    shade: Image = _AMBIENT + (1 - _AMBIENT) * np.clip(facing, 0, 1)
    return shade


def _figure(
    looks: Sequence[Look], images: Sequence[tuple[Image, Labels]], border: float, shape: Array
) -> bytes:
    """Put the views into a grid, with their names and those of the muscles."""
    colours = np.array([to_rgb(_COLOURS.get(label, "white")) for label in range(_BONE + 1)])
    with matplotlib.style.context("default"):
        figure = Figure(figsize=_SIZE_INCH, dpi=_DPI, facecolor="white", layout="constrained")
        panels = figure.subplots(2, 2).ravel()
        for panel, look, (shades, labels) in zip(panels, looks, images, strict=False):
            shown = np.where(
                labels[..., np.newaxis] > 0, colours[labels] * shades[..., np.newaxis], 1
            )
            panel.imshow(shown, origin="lower", interpolation="nearest")
            at = _ENLARGED * ((shape[LONG] - 1 - border if look.is_reversed else border) + 0.5)
            panel.axvline(at, color="black", linewidth=1, linestyle=(0, (6, 3)))
            panel.set_title(look.name, fontsize=10)
            panel.set_axis_off()
            _write_names(panel, labels)
        panels[-1].set_axis_off()
        handles = [Patch(color=m.colour) for m in MUSCLES]
        names = [f"{m.abbreviation}  {m.name}" for m in MUSCLES]
        panels[-1].legend(handles, names, loc="center", frameon=False, fontsize=9)
        return small_png(figure)


def _write_names(panel: Axes, labels: Labels) -> None:
    """Write the abbreviation of each muscle where most of it is seen."""
    for label, box in enumerate(ndimage.find_objects(labels, len(MUSCLES)), start=1):
        if box is None:
            continue
        depth = ndimage.distance_transform_edt(np.pad(labels[box] == label, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        if depth.max() > _MIN_NAMED_PIXELS:
            across, up = box[1].start + column, box[0].start + row
            centred: dict[str, Any] = {"ha": "center", "va": "center"}
            name = MUSCLES[label - 1].abbreviation
            panel.text(across, up, name, size=8, weight="bold", **centred)
