"""Proof that single slices make up one volume (DICOM PS3.3 C.7.6.2, LPS+, mm)."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ScanError
from pipeline.store.dicom_headers import SliceHeader

_FEWEST_SLICES = 3
# Steps may differ by the rounding of the positions only.
_STEP_TOLERANCE = 0.01
_SAME_PLACE_MM = 1e-3
_SAME_DIRECTION = 1e-3
_PLANES = ("sagittal", "coronal", "axial")


def check_stacks(slices: Sequence[SliceHeader]) -> int:
    """Prove that the slices form stacks, each even, straight and whole.

    Images of another echo or kind (magnitude, phase) form a stack of their own.

    Returns
    -------
    int
        How many volumes there are.

    Raises
    ------
    ScanError
        Naming the missing slice, the uneven step, the mixed orientation, the
        doubled position or the tilt.
    """
    stacks: dict[tuple[object, ...], list[SliceHeader]] = defaultdict(list)
    for item in slices:
        stacks[item.echo_time_ms, item.kind].append(item)
    return sum(_check_stack(stack) for stack in stacks.values())


def plane_of(item: SliceHeader) -> str:
    """Name the plane that a slice lies closest to."""
    if item.orientation is None or len(item.orientation) != 6:
        return "unknown plane"
    return _PLANES[int(np.abs(_normal(item)).argmax())]


def _check_stack(stack: Sequence[SliceHeader]) -> int:
    if any(len(s.position_mm or ()) != 3 or len(s.orientation or ()) != 6 for s in stack):
        msg = (
            "Every slice must say its position and orientation: got slices that do not. "
            "Export the series again, as the scanner reconstructed it."
        )
        raise ScanError(msg)
    directions = np.array([s.orientation for s in stack])
    if np.abs(directions - directions[0]).max() > _SAME_DIRECTION:
        msg = (
            "All slices of a series must lie in one orientation: got "
            f"{len(np.unique(directions.round(2), axis=0))}. Give one stack only, no localiser."
        )
        raise ScanError(msg)
    normal = _normal(stack[0])
    positions = np.array([s.position_mm for s in stack])
    order = np.argsort(positions @ normal, kind="stable")
    places, volumes = _distinct(positions[order] @ normal)
    if len(places) < _FEWEST_SLICES:
        msg = (
            f"A volume must have at least {_FEWEST_SLICES} slice positions: got {len(places)} "
            f"in {len(stack)} images. Give the whole series."
        )
        raise ScanError(msg)
    _check_steps(places)
    _check_straight(positions[order], normal)
    return volumes


def _normal(item: SliceHeader) -> NDArray[np.float64]:
    cosines = np.reshape(np.array(item.orientation, dtype=float), (2, 3))
    return np.cross(cosines[0], cosines[1])


def _distinct(depths_mm: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    starts = np.concatenate(([True], np.diff(depths_mm) > _SAME_PLACE_MM))
    counts = np.bincount(np.cumsum(starts) - 1)
    if counts.min() != counts.max():
        worst = int(counts.argmax())
        msg = (
            f"Every slice position must be filled equally often: got {counts.max()} images at "
            f"position {worst + 1} of {len(counts)} and {counts.min()} elsewhere. Remove the "
            "doubled images or give the whole series."
        )
        raise ScanError(msg)
    return depths_mm[starts], int(counts[0])


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


def _check_straight(positions_mm: NDArray[np.float64], normal: NDArray[np.float64]) -> None:
    path = positions_mm[-1] - positions_mm[0]
    along_mm = float(path @ normal)
    aside_mm = float(np.linalg.norm(path - along_mm * normal))
    if aside_mm > _STEP_TOLERANCE * along_mm:
        angle_deg = np.degrees(np.arctan2(aside_mm, along_mm))
        msg = (
            "Slices must be stacked square to their plane: got a stack tilted by "
            f"{angle_deg:.1f} degrees. Export the series as the scanner reconstructed it."
        )
        raise ScanError(msg)
