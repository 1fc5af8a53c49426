"""Check that slices are evenly spaced (DICOM PS3.3 C.7.6.2; LPS+, mm)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ScanError
from pipeline.store.dicom.slice_header import SliceHeader

# Tolerance of a direction cosine: three decimals, or half a voxel at the far edge of 512.
SAME_DIRECTION = 1e-3
# Tolerance of a step, as a share of it; the rounding of positions is added.
_STEP_TOLERANCE = 0.01
# Share of a step: coarser rounding would hide a displaced slice.
_LARGEST_ROUNDING = 0.25
# Tolerance of a stated spacing, for the rounding of headers.
_SAME_GAP = 0.02
_SHORTEST_MM = 1e-3


def check_slice_positions(volume: Sequence[SliceHeader], normal: NDArray[np.float64]) -> None:
    """Check that slices are evenly spaced, in a straight line along their normal.

    Positions may deviate by the rounding of their last digit, but by no more than a quarter
    of a step: coarser digits would hide a displaced slice.

    Raises
    ------
    ScanError
        Naming the uneven step, the slice off the line, the tilt, or the slices that are
        missing according to SpacingBetweenSlices.
    """
    positions_mm = np.array([s.position_mm for s in volume])
    depths_mm = positions_mm @ normal
    usual_mm = float(np.median(np.diff(depths_mm)))
    # Two steps may differ by one last digit in each coordinate (positions by half of one).
    digit_mm = min(s.digit_mm for s in volume)
    rounding_mm = min(digit_mm * float(np.abs(normal).sum()), _LARGEST_ROUNDING * usual_mm)
    _check_steps(depths_mm, usual_mm, _STEP_TOLERANCE * usual_mm + rounding_mm)
    path = positions_mm[-1] - positions_mm[0]
    along_mm = float(path @ normal)
    even = positions_mm[0] + np.outer(np.linspace(0, 1, len(volume)), path)
    off_mm = np.linalg.norm(positions_mm - even, axis=1)
    worst = int(off_mm.argmax())
    rounding_mm = min(digit_mm * math.sqrt(3), _LARGEST_ROUNDING * usual_mm)
    if off_mm[worst] > 2 * _STEP_TOLERANCE * along_mm / (len(volume) - 1) + rounding_mm:
        msg = (
            f"Slices must be stacked in a straight line: got slice {worst + 1} of "
            f"{len(volume)} lying {off_mm[worst]:.3f} mm off it. Export the whole series again."
        )
        raise ScanError(msg)
    sideways_mm = float(np.linalg.norm(path - along_mm * normal))
    if sideways_mm > SAME_DIRECTION * along_mm + rounding_mm:
        angle_deg = np.degrees(np.arctan2(sideways_mm, along_mm))
        msg = (
            "Slices must be stacked perpendicular to their plane: got a stack tilted by "
            f"{angle_deg:.2f} degrees. Export the series as the scanner reconstructed it."
        )
        raise ScanError(msg)
    _check_stated_step(volume, along_mm / (len(volume) - 1))


def _check_steps(depths_mm: NDArray[np.float64], usual_mm: float, tolerance_mm: float) -> None:
    steps_mm = np.diff(depths_mm)
    uneven = np.flatnonzero(np.abs(steps_mm - usual_mm) > tolerance_mm)
    if not uneven.size:
        return
    first = int(uneven[0])
    step_mm, ratio = float(steps_mm[first]), float(steps_mm[first] / usual_mm)
    fact = f"got a step of {step_mm:.3f} mm after slice {first + 1} of {len(depths_mm)}"
    if ratio > 1.5 and abs(ratio - round(ratio)) < 0.05:
        missing = round(ratio) - 1
        fact += f", so {missing} {'slice is' if missing == 1 else 'slices are'} missing there"
    msg = (
        f"All slices must be equally far apart: {fact}, where {usual_mm:.3f} mm is usual. "
        "Export the whole series again."
    )
    raise ScanError(msg)


def _check_stated_step(volume: Sequence[SliceHeader], step_mm: float) -> None:
    """Refuse even steps that are a multiple of SpacingBetweenSlices."""
    stated_mm = float(np.median([abs(s.spacing_between_mm or 0.0) for s in volume]))
    times = round(step_mm / stated_mm) if stated_mm > _SHORTEST_MM else 1
    if times < 2 or not math.isclose(step_mm, times * stated_mm, rel_tol=_SAME_GAP):
        return
    if _states_gap(volume, stated_mm, step_mm):
        return
    slices = "1 slice is" if times == 2 else f"{times - 1} slices are"
    msg = (
        "Slices must be as far apart as SpacingBetweenSlices states: got positions "
        f"{step_mm:.3f} mm apart and {stated_mm:.3f} mm stated, so {slices} missing between "
        "each two. Export the whole series again."
    )
    raise ScanError(msg)


def _states_gap(volume: Sequence[SliceHeader], stated_mm: float, step_mm: float) -> bool:
    """Whether SpacingBetweenSlices is the gap between slices, as some manufacturers write it.

    PS3.3 C.8.3.1 defines it from centre to centre. A gap as wide as the slices is accepted
    only if the image numbers of a classic series are consecutive, so that none is missing.
    """
    thickness_mm = volume[0].thickness_mm
    numbers = np.sort([s.order[2] for s in volume])
    is_consecutive = volume[0].frame is None and bool((np.diff(numbers) == 1).all())
    if thickness_mm is None:
        return is_consecutive
    fits = math.isclose(step_mm, stated_mm + thickness_mm, rel_tol=_SAME_GAP)
    return fits and (is_consecutive or stated_mm < (1 - _SAME_GAP) * thickness_mm)
