"""The slice grid of a scan, and the average of the signal over its voxels."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from pipeline.domain.grid import Grid
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.protocols import Orientation, Protocol
from pipeline.phantom.anatomy.foot import Foot, Tissue

SHORTEST_MM = 20.0
"""Shortest field of view along the foot."""

_LONG, _DORSAL = 1, 2  # axes of a foot's own grid
# Array axes of the scan, as axes of the foot; slices are stacked along the last.
STACKS: Mapping[Orientation, tuple[int, int, int]] = MappingProxyType(
    {
        Orientation.SHORT_AXIS: (0, 2, 1),
        Orientation.AXIAL: (0, 1, 2),
        Orientation.SAGITTAL: (1, 2, 0),
    }
)


def slice_grid(feet: Sequence[Foot], protocol: Protocol, tilt: Rotation) -> Grid:
    """Make the grid of slices over all tissue, with a margin of air around it.

    Parameters
    ----------
    feet
        Slices follow the axes of the first foot.
    tilt
        Additional rotation of the slices about the foot's axes.

    Raises
    ------
    ConfigError
        If less than 20 mm of the foot remain in the field of view.
    """
    axes = feet[0].grid.matrix[:3, :3] / feet[0].grid.spacing_mm
    order = STACKS[protocol.orientation]
    oblique = Rotation.from_rotvec(protocol.oblique_deg * np.eye(3)[order[0]], degrees=True)
    directions = (axes @ oblique.as_matrix() @ tilt.as_matrix())[:, order]
    first = order.index(0)
    directions[:, first] *= np.sign(directions[0, first])  # independent of the side
    surface = np.vstack([f.grid.to_world(_outline(f.tissues)) for f in feet]) @ directions
    spacing = np.array((protocol.in_plane_mm, protocol.in_plane_mm, protocol.slice_spacing_mm))
    # the leg extends beyond the image
    leg_axis = np.abs(axes[:, _DORSAL] @ directions).argmax()
    above = np.where(np.arange(3) == leg_axis, 0, protocol.margin_mm)
    low = np.round(surface.min(axis=0) - protocol.margin_mm, 3)
    high = surface.max(axis=0) + above
    _crop(low, high, axes[:, _LONG] @ directions, protocol)
    shape = np.ceil((high - low) / spacing).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = directions @ (low + spacing / 2)
    return Grid.from_arrays(shape.tolist(), affine)


def sample_slices(
    signal: NDArray[np.float32],
    source: Grid,
    target: Grid,
    thickness_mm: float,
    *,
    edge_width: float = 0.0,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> NDArray[np.float32]:
    """Average the signal over every voxel of the target grid, slice by slice.

    Parameters
    ----------
    thickness_mm
        Slice thickness.
    edge_width
        Width of the sloping edge of the slice profile, in slice thicknesses; 0 is a box.
    shift
        Displacement of the signal along each axis, in voxels of the target.

    Notes
    -----
    The samples are about as fine as the source. Outside the source its edge values are
    repeated: air, or the leg.
    """
    extent_mm = np.array((*target.spacing_mm[:2], thickness_mm * (1 + edge_width)))
    steps = np.ceil(extent_mm / min(source.spacing_mm) - 1e-6).astype(int)
    step = extent_mm / np.array(target.spacing_mm) / steps  # in voxels of the target
    weights = _profile(int(steps[2]), edge_width)
    to_source = np.linalg.inv(source.matrix) @ target.matrix
    n0, n1, slices = target.shape
    averaged = np.empty(target.shape, dtype=np.float32)
    for k in range(slices):
        first = np.array((0, 0, k)) - step * (steps - 1) / 2 - shift
        fine = affine_transform(
            signal,
            to_source[:3, :3] * step,
            to_source[:3, :3] @ first + to_source[:3, 3],
            (n0 * steps[0], n1 * steps[1], steps[2]),
            output=np.float32,
            order=1,
            mode="nearest",
        )
        fine = fine.reshape(n0, steps[0], n1, steps[1], steps[2])
        mean = fine.mean((1, 3, 4)) if weights is None else fine.mean((1, 3)) @ weights
        averaged[..., k] = mean
    return averaged


def _profile(steps: int, edge_width: float) -> NDArray[np.float32] | None:
    """Give the weights of samples across a slice: a box convolved with a narrower box."""
    if edge_width == 0:
        return None
    across = np.abs((np.arange(steps) + 0.5) / steps - 0.5) * (1 + edge_width)  # in thicknesses
    weights = np.clip((0.5 + edge_width / 2 - across) / edge_width, 0, 1)
    relative: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return relative


def _crop(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    toward_toes: NDArray[np.float64],
    protocol: Protocol,
) -> None:
    """Shorten the field of view at heel and toes, in place."""
    axis = int(np.abs(toward_toes).argmax())
    ends = (protocol.cut_heel_mm, protocol.cut_toes_mm)
    at_low, at_high = ends if toward_toes[axis] > 0 else ends[::-1]
    if high[axis] - low[axis] - at_low - at_high < SHORTEST_MM:
        msg = (
            f"A field of view must keep {SHORTEST_MM:g} mm of the foot: got "
            f"{protocol.cut_heel_mm:g} mm cut off at the heel and {protocol.cut_toes_mm:g} mm "
            f"at the toes, of {high[axis] - low[axis]:.0f} mm. Cut off less."
        )
        raise ConfigError(msg)
    low[axis] += at_low
    high[axis] -= at_high


def _outline(tissues: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Give the indices of the first and last tissue voxel of every line along axis 0."""
    is_tissue = tissues != Tissue.AIR
    lines = np.argwhere(is_tissue.any(axis=0))
    columns = is_tissue[:, lines[:, 0], lines[:, 1]]
    first = columns.argmax(axis=0)
    last = len(columns) - 1 - columns[::-1].argmax(axis=0)
    return np.vstack([np.column_stack((ends, lines)) for ends in (first, last)])
