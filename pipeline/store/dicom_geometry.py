"""Proof that images make up one volume (DICOM PS3.3 C.7.6.2, LPS+, mm)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.dicom_headers import SliceHeader
from pipeline.store.headers import MOST_VOXELS

FEWEST_SLICES = 3
# Steps may differ by the rounding of the positions only.
_STEP_TOLERANCE = 0.01
_SAME_PLACE_MM = 1e-3
_SAME_DIRECTION = 1e-3
_PLANES = ("sagittal", "coronal", "axial")
_LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))


def split_stack(stack: Sequence[SliceHeader]) -> list[list[SliceHeader]]:
    """Prove that images of one kind form even, straight, whole stacks, and part these.

    Returns
    -------
    list of list of SliceHeader
        One list per repetition, each in the order of the positions.

    Raises
    ------
    ScanError
        Naming the missing slice, the uneven step, the mixed orientation, the doubled
        position, the slice that lies aside or differs, or the tilt.
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
        _check_path(volume, normal)
    return volumes


def plane_of(item: SliceHeader) -> str:
    """Name the plane that a slice lies closest to."""
    if item.orientation is None or len(item.orientation) != 6:
        return "unknown"
    return _PLANES[int(np.abs(normal_of(item)).argmax())]


def normal_of(item: SliceHeader) -> NDArray[np.float64]:
    """Give the direction perpendicular to an image."""
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
    """Place a proved volume in RAS+ mm: columns, rows, slices; steps from the positions."""
    first, last = (np.array(volume[k].position_mm) for k in (0, -1))
    across, down = np.reshape(np.array(volume[0].orientation, dtype=float), (2, 3))
    row_step_mm, column_step_mm = volume[0].spacing_mm or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, 0] = across * column_step_mm
    affine[:3, 1] = down * row_step_mm
    affine[:3, 2] = (last - first) / (len(volume) - 1)
    affine[:3, 3] = first
    rows, columns = volume[0].shape
    return Grid.from_arrays((columns, rows, len(volume)), _LPS_TO_RAS @ affine)


def _check_alike(stack: Sequence[SliceHeader]) -> None:
    """Refuse slices without a place, and those that differ in size, spacing or encoding."""
    if any(len(s.position_mm or ()) != 3 or len(s.orientation or ()) != 6 for s in stack):
        msg = (
            "Every slice must say its position and orientation: got slices that do not. "
            "Export the series again, as the scanner reconstructed it."
        )
        raise ScanError(msg)
    facts: dict[str, list[tuple[float, ...]]] = {
        "size in pixels": [s.shape for s in stack],
        "pixel spacing in mm": [s.spacing_mm or () for s in stack],
        "encoding (samples, three of bits, sign, inversion, slope, intercept)": [
            s.encoding for s in stack
        ],
        "series number": [(s.series_number,) for s in stack],
    }
    for name, values in facts.items():
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
    if len(spacing_mm) != 2 or not (np.isfinite(spacing_mm).all() and min(spacing_mm) > 0):
        msg = (
            f"Every slice must say how far apart its pixels are: got {_text(spacing_mm)}. "
            "Export the series again, as the scanner reconstructed it."
        )
        raise ScanError(msg)


def _text(values: Sequence[float]) -> str:
    return " x ".join(f"{v:g}" for v in values) or "nothing"


def _check_directions(stack: Sequence[SliceHeader]) -> None:
    directions = np.array([s.orientation for s in stack])
    if not np.abs(directions - directions[0]).max() <= _SAME_DIRECTION:
        counts = orientations_of(stack)
        msg = (
            f"All slices of a series must lie in one orientation: got {len(counts)} "
            f"({' and '.join(map(str, counts))} slices). Give one stack only, no localiser."
        )
        raise ScanError(msg)
    rows, columns = directions[0].reshape(2, 3)
    skew = np.abs([rows @ rows - 1, columns @ columns - 1, rows @ columns])
    places = np.array([s.position_mm for s in stack])
    if not (skew <= _SAME_DIRECTION).all() or not np.isfinite(places).all():
        msg = (
            "Rows and columns of a slice must be square to each other, at a finite position: "
            f"got direction cosines off by {skew.max():.3g}. Export the series again."
        )
        raise ScanError(msg)


def _check_filled(slices: Sequence[Sequence[SliceHeader]]) -> None:
    counts = [len(group) for group in slices]
    if min(counts) != max(counts):
        worst = int(np.argmax(counts))
        msg = (
            f"Every slice position must be filled equally often: got {counts[worst]} images "
            f"at position {worst + 1} of {len(counts)} and {min(counts)} elsewhere. Remove the "
            "doubled images or give the whole series."
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


def _check_path(volume: Sequence[SliceHeader], normal: NDArray[np.float64]) -> None:
    places_mm = np.array([s.position_mm for s in volume])
    _check_steps(places_mm @ normal)
    path = places_mm[-1] - places_mm[0]
    along_mm = float(path @ normal)
    even = places_mm[0] + np.outer(np.linspace(0, 1, len(volume)), path)
    off_mm = np.linalg.norm(places_mm - even, axis=1)
    worst = int(off_mm.argmax())
    if off_mm[worst] > 2 * _STEP_TOLERANCE * along_mm / (len(volume) - 1):
        msg = (
            f"Slices must be stacked in a straight line: got slice {worst + 1} of "
            f"{len(volume)} lying {off_mm[worst]:.3f} mm off it. Export the whole series again."
        )
        raise ScanError(msg)
    aside_mm = float(np.linalg.norm(path - along_mm * normal))
    if aside_mm > _STEP_TOLERANCE * along_mm:
        angle_deg = np.degrees(np.arctan2(aside_mm, along_mm))
        msg = (
            "Slices must be stacked square to their plane: got a stack tilted by "
            f"{angle_deg:.1f} degrees. Export the series as the scanner reconstructed it."
        )
        raise ScanError(msg)


def _check_steps(places_mm: NDArray[np.float64]) -> None:
    steps_mm = np.diff(places_mm)
    usual_mm = float(np.median(steps_mm))
    uneven = np.flatnonzero(np.abs(steps_mm - usual_mm) > _STEP_TOLERANCE * usual_mm)
    if not uneven.size:
        return
    first = int(uneven[0])
    step_mm, ratio = float(steps_mm[first]), float(steps_mm[first] / usual_mm)
    fact = f"got a step of {step_mm:.3f} mm after slice {first + 1} of {len(places_mm)}"
    if ratio > 1.5 and abs(ratio - round(ratio)) < 0.05:
        missing = round(ratio) - 1
        fact += f", so {missing} {'slice is' if missing == 1 else 'slices are'} missing there"
    msg = (
        f"All slices must be equally far apart: {fact}, where {usual_mm:.3f} mm is usual. "
        "Export the whole series again."
    )
    raise ScanError(msg)
