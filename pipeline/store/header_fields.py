"""Checks of the fields of a NIfTI or Analyze header, as they are stored.

nibabel silently corrects a header that it reads: a spacing of 0 becomes 1.
"""

from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header, xform_codes
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from pipeline.errors import ScanError

# Larger voxels, or positions farther away, can only come from a damaged header.
LARGEST_MM = 1e3
FARTHEST_MM = 1e6
_MM = {0: "unknown", 2: "mm"}
_OTHER_UNITS = {1: "meter", 3: "micron"}
_AGAIN = "Convert the scanner's original again."


def check_fields(stored: Any, path: Path) -> None:
    """Refuse a header whose fields are invalid or contradict each other.

    Parameters
    ----------
    stored
        Header, read by nibabel without its checks.

    Raises
    ------
    ScanError
        If the size, type, scale or offset of the voxels, their spacing and its unit, the
        handedness or an orientation code is invalid.
    """
    _check_sizes(stored, path)
    _check_type(stored, path)
    pixdim_mm = np.asarray(stored["pixdim"][1:4], dtype=float)
    if not isinstance(stored, Nifti1Header):  # SPM once wrote flipped axes so
        pixdim_mm = np.abs(pixdim_mm)
    if not is_spacing(pixdim_mm):
        msg = (
            f"{path.name}: Voxel spacing must be above zero and below {LARGEST_MM:g}: got "
            f"pixdim {in_mm(pixdim_mm)}. Correct the header, or convert the scanner's original "
            "again."
        )
        raise ScanError(msg)
    if isinstance(stored, Nifti1Header):
        _check_scale(stored, path)
        _check_units(stored, path)
        _check_codes(stored, path)


def is_spacing(sizes_mm: NDArray[np.float64]) -> bool:
    """Whether sizes are plausible edge lengths of voxels."""
    return bool(((sizes_mm > 0) & (sizes_mm < LARGEST_MM)).all())


def in_mm(sizes_mm: NDArray[np.float64]) -> str:
    """Format three sizes."""
    return " x ".join(f"{s:g}" for s in sizes_mm) + " mm"


def _check_sizes(stored: Any, path: Path) -> None:
    dim = [int(n) for n in stored["dim"]]
    if not 1 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        msg = (
            f"{path.name}: A header must state 1 to 7 sizes above zero: got dim {dim}. {_AGAIN}"
        )
        raise ScanError(msg)


def _check_type(stored: Any, path: Path) -> None:
    code, bits = int(stored["datatype"]), int(stored["bitpix"])
    try:
        expected = stored.get_data_dtype().itemsize * 8
    except (HeaderDataError, KeyError):
        expected = 0
    if not expected or bits != expected:
        known = f"{expected} bits" if expected else "an unknown one"
        msg = (
            f"{path.name}: The type of voxels must be a known one that fits bitpix: got "
            f"datatype {code}, {known}, with bitpix {bits}. {_AGAIN}"
        )
        raise ScanError(msg)
    if "vox_offset" not in stored.keys():  # noqa: SIM118 - a header is no mapping
        return
    offset, is_single = float(stored["vox_offset"]), getattr(stored, "is_single", False)
    least = stored.single_vox_offset if is_single else 0
    if not (np.isfinite(offset) and offset.is_integer() and offset >= least):
        msg = (
            f"{path.name}: Voxels must begin after the header, at byte {least} or later: got "
            f"vox_offset {offset:g}. {_AGAIN}"
        )
        raise ScanError(msg)


def _check_scale(stored: Nifti1Header, path: Path) -> None:
    """Refuse a slope and a handedness that nibabel silently ignores."""
    slope, qfac = float(stored["scl_slope"]), float(stored["pixdim"][0])
    if np.isinf(slope):
        msg = f"{path.name}: The slope of values must be a number: got {slope}. {_AGAIN}"
        raise ScanError(msg)
    if qfac < 0 and qfac != -1 and stored["qform_code"] > 0:
        msg = (
            f"{path.name}: The header's pixdim[0] must be 1, or -1 for a mirrored third axis: "
            f"got {qfac:g}. {_AGAIN}"
        )
        raise ScanError(msg)


def _check_units(stored: Nifti1Header, path: Path) -> None:
    unit = int(stored["xyzt_units"]) & 7
    if unit not in _MM:
        got = repr(_OTHER_UNITS[unit]) if unit in _OTHER_UNITS else f"the unknown code {unit}"
        msg = (
            f"{path.name}: Positions must be in mm: got {got} in the header's xyzt_units. "
            f"{_AGAIN}"
        )
        raise ScanError(msg)


def _check_codes(stored: Nifti1Header, path: Path) -> None:
    for name in ("qform_code", "sform_code"):
        code = int(stored[name])
        if code not in xform_codes.code:
            msg = (
                f"{path.name}: The header's {name} must be 0 to 5: got {code}, which "
                f"states no orientation. {_AGAIN}"
            )
            raise ScanError(msg)
