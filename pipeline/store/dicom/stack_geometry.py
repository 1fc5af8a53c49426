"""Check that images form one volume, and compute its grid (DICOM PS3.3 C.7.6.2; LPS+, mm)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.dicom.slice_header import SliceHeader
from pipeline.store.dicom.slice_steps import SAME_DIRECTION, check_slice_positions
from pipeline.store.formats import MOST_VOXELS

FEWEST_SLICES = 3
_SAME_PLACE_MM = 1e-3
_SAME_SPACING = 1e-3
# Outside any scanner's bore, or any range of pixel sizes, in mm.
_FARTHEST_MM = 1e5
_FINEST_MM, _COARSEST_MM = 1e-3, 1e3
_PLANES = ("sagittal", "coronal", "axial")
_LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))


def split_stack(stack: Sequence[SliceHeader]) -> list[list[SliceHeader]]:
    """Check that images of one kind form even, straight, complete stacks, and split these.

    Returns
    -------
    list of list of SliceHeader
        One list per repetition, each in the order of the positions.

    Raises
    ------
    ScanError
        Naming the missing slice, the uneven step, the mixed orientation, the duplicated
        position, the slice that is off the line or differs, or the tilt.
    """
    _check_alike(stack)
    _check_directions(stack)
    normal = normal_of(stack[0])
    depths_mm = np.array([s.position_mm for s in stack]) @ normal
    order = np.lexsort((np.array([s.order[2] for s in stack]), depths_mm))
    starts = np.concatenate(([True], np.diff(depths_mm[order]) > _SAME_PLACE_MM))
    slices = [
        [stack[int(i)] for i in group] for group in np.split(order, np.flatnonzero(starts)[1:])
    ]
    _check_filled(slices)
    ranked = [sorted(group, key=lambda s: s.order) for group in slices]
    volumes = [list(volume) for volume in zip(*ranked, strict=True)]
    for volume in volumes:
        check_slice_positions(volume, normal)
    return volumes


def plane_of(item: SliceHeader) -> str:
    """Name the scanner plane closest to a slice."""
    if item.orientation is None or len(item.orientation) != 6:
        return "unknown"
    return _PLANES[int(np.abs(normal_of(item)).argmax())]


def normal_of(item: SliceHeader) -> NDArray[np.float64]:
    """Return the direction perpendicular to an image."""
    rows, columns = np.reshape(np.array(item.orientation, dtype=float), (2, 3))
    return np.cross(rows, columns)


def orientations_of(slices: Sequence[SliceHeader]) -> list[int]:
    """Count the images of each orientation, the most frequent first."""
    known = [o for o in (s.orientation for s in slices) if o is not None and len(o) == 6]
    if not known:
        return []
    _, counts = np.unique(np.array(known).round(2), axis=0, return_counts=True)
    return sorted((int(n) for n in counts), reverse=True)


def grid_of(volume: Sequence[SliceHeader]) -> Grid:
    """Return the grid (RAS+, mm) of a checked volume: columns, rows, slices.

    The slices lie on the straight line that fits all positions best, perpendicular to the
    mean orientation, so that rounding errors of the headers average out.
    """
    positions_mm = np.array([s.position_mm for s in volume])
    across, down = _mean_directions(volume)
    normal = np.cross(across, down)
    row_step_mm, column_step_mm = np.mean([s.spacing_mm or (1.0, 1.0) for s in volume], axis=0)
    numbers = np.arange(len(volume)) - (len(volume) - 1) / 2
    step_mm = (numbers @ positions_mm / (numbers @ numbers)) @ normal
    affine = np.eye(4)
    affine[:3, 0] = across * column_step_mm
    affine[:3, 1] = down * row_step_mm
    affine[:3, 2] = step_mm * normal
    affine[:3, 3] = positions_mm.mean(axis=0) + numbers[0] * affine[:3, 2]
    rows, columns = volume[0].shape
    return Grid.from_arrays((columns, rows, len(volume)), _LPS_TO_RAS @ affine)


def off_grid_mm(volume: Sequence[SliceHeader], grid: Grid) -> float:
    """Return the largest distance between corners of slices in the headers and on a grid."""
    rows, columns = volume[0].shape
    positions_mm = np.array([s.position_mm for s in volume])[:, None]
    directions = np.array([s.orientation for s in volume]).reshape(-1, 2, 3)
    steps_mm = np.array([s.spacing_mm for s in volume])[:, ::-1, None] * directions
    ends = np.array([(i, j) for i in (0, columns - 1) for j in (0, rows - 1)])
    stated_mm = (positions_mm + ends @ steps_mm) @ _LPS_TO_RAS[:3, :3]
    indices = [[(*end, k) for end in ends] for k in range(len(volume))]
    return float(np.linalg.norm(stated_mm - grid.to_world(indices), axis=2).max())


def corners_apart_mm(first: Grid, second: Grid) -> float:
    """Return the largest distance of a corner voxel from the nearest one of another grid.

    It does not depend on the order and direction of the axes.
    """
    corners, others = (
        grid.to_world(np.array(np.meshgrid(*((0, n - 1) for n in grid.shape))).reshape(3, -1).T)
        for grid in (first, second)
    )
    distances_mm = np.linalg.norm(corners[:, None] - others[None], axis=2)
    return float(distances_mm.min(axis=0).max())


def _mean_directions(volume: Sequence[SliceHeader]) -> NDArray[np.float64]:
    """Average the directions of rows and columns, as orthogonal unit vectors."""
    mean = np.array([s.orientation for s in volume]).mean(axis=0).reshape(2, 3)
    left, _, right = np.linalg.svd(mean, full_matrices=False)
    directions: NDArray[np.float64] = left @ right
    return directions


def _check_alike(stack: Sequence[SliceHeader]) -> None:
    """Refuse slices without a position, and those that differ in size, spacing or encoding."""
    if any(len(s.position_mm or ()) != 3 or len(s.orientation or ()) != 6 for s in stack):
        msg = (
            "Every slice must state its position and orientation: got slices that do not. "
            "Export the series again, as the scanner reconstructed it."
        )
        raise ScanError(msg)
    elements: dict[str, list[tuple[float, ...]]] = {
        "size in pixels": [s.shape for s in stack],
        "encoding (samples, three of bits, sign, inversion)": [s.encoding for s in stack],
        "series number": [(s.series_number,) for s in stack],
        "pixel spacing in mm": _alike([s.spacing_mm or () for s in stack]),
    }
    for name, values in elements.items():
        if len(set(values)) > 1:
            odd = min(set(values), key=lambda value: (values.count(value), value))
            usual = max(set(values), key=lambda value: (values.count(value), value))
            msg = (
                f"All slices of a volume must have one {name}: got {_text(odd)} in image "
                f"{stack[values.index(odd)].order[2]} and {_text(usual)} in "
                f"{values.count(usual)} others. Export the series again."
            )
            raise ScanError(msg)
    spacing_mm = stack[0].spacing_mm or ()
    if len(spacing_mm) != 2 or not all(_FINEST_MM < s < _COARSEST_MM for s in spacing_mm):
        msg = (
            f"Every slice must state its pixel spacing: got {_text(spacing_mm)}. "
            "Export the series again, as the scanner reconstructed it."
        )
        raise ScanError(msg)


def _alike(spacings_mm: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Replace values that differ from the first by rounding only with the first."""
    first = spacings_mm[0]
    same = [
        len(s) == len(first) and np.allclose(s, first, rtol=_SAME_SPACING, atol=0)
        for s in spacings_mm
    ]
    return [first if is_same else s for is_same, s in zip(same, spacings_mm, strict=True)]


def _text(values: Sequence[float]) -> str:
    return " x ".join(f"{v:.10g}" for v in values) or "nothing"


def _check_directions(stack: Sequence[SliceHeader]) -> None:
    directions = np.array([s.orientation for s in stack])
    if not np.abs(directions - directions[0]).max() <= SAME_DIRECTION:
        counts = orientations_of(stack)
        apart = np.abs(directions - directions[0]).max()
        msg = (
            f"All slices of a series must lie in one orientation: got {len(counts)} "
            f"({' and '.join(map(str, counts))} slices), with direction cosines up to "
            f"{apart:.3g} apart. Give one stack only, without a localiser."
        )
        raise ScanError(msg)
    rows, columns = directions[0].reshape(2, 3)
    skew = np.abs([rows @ rows - 1, columns @ columns - 1, rows @ columns])
    positions = np.array([s.position_mm for s in stack])
    if not (skew <= SAME_DIRECTION).all():
        msg = (
            "Rows and columns of a slice must be perpendicular: got direction cosines "
            f"off by {skew.max():.3g}. Export the series again."
        )
        raise ScanError(msg)
    if not (np.abs(positions) < _FARTHEST_MM).all():
        msg = (
            "Every slice must lie within the scanner: got a position "
            f"{np.abs(positions).max():g} mm away. Export the series again."
        )
        raise ScanError(msg)


def _check_filled(slices: Sequence[Sequence[SliceHeader]]) -> None:
    counts = [len(group) for group in slices]
    if min(counts) != max(counts):
        worst = int(np.argmax(counts))
        msg = (
            f"Every slice position must have equally many images: got {counts[worst]} "
            f"at position {worst + 1} of {len(counts)} and {min(counts)} elsewhere. Remove "
            "duplicates or give the whole series."
        )
        raise ScanError(msg)
    if len(counts) < FEWEST_SLICES:
        msg = (
            f"A volume must have at least {FEWEST_SLICES} slice positions: got {len(counts)} "
            f"in {sum(counts)} images. Give the whole series."
        )
        raise ScanError(msg)
    rows, columns = slices[0][0].shape
    if rows * columns * len(counts) > MOST_VOXELS:
        msg = (
            f"A volume must have at most {MOST_VOXELS} voxels: got {columns} x {rows} x "
            f"{len(counts)}. Export the series again, at its own matrix size."
        )
        raise ScanError(msg)
