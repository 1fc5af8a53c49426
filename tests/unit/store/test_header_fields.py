"""Fields of a NIfTI header that nibabel passes over without a word."""

import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

SLOPE, QFAC = 112, 76
"""Where they begin in a header (nifti1.h)."""


def write_nifti(path: Path, place: int, value: float) -> Path:
    """Write a scan with another 32-bit number in its header."""
    voxels = np.random.default_rng(4).integers(0, 900, (5, 6, 7)).astype("<i2")
    image = nib.Nifti1Image(voxels, np.diag((0.5, 0.7, 3.0, 1.0)))
    image.set_qform(image.affine, 1)
    content = bytearray(image.to_bytes())
    content[place : place + 4] = struct.pack("<f", value)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinite_slope_is_refused(value: float, tmp_path: Path) -> None:
    """Values would be taken as stored."""
    with pytest.raises(ScanError, match=rf"slope of values must be a number: got {value}\."):
        read_scan(write_nifti(tmp_path / "a.nii", SLOPE, value))


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_no_slope_is_no_scale(value: float, tmp_path: Path) -> None:
    """The standard's 0, and what nibabel itself writes."""
    assert read_scan(write_nifti(tmp_path / "a.nii", SLOPE, value)).intensity.max() > 1


def test_a_third_axis_on_neither_side_is_refused(tmp_path: Path) -> None:
    """It would be taken for one that is not mirrored, where the standard mirrors it."""
    with pytest.raises(ScanError, match=r"pixdim\[0\] must be 1, or -1 .*: got -2\."):
        read_scan(write_nifti(tmp_path / "a.nii", QFAC, -2))


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_third_axis_is_mirrored_by_less_than_zero_alone(value: float, tmp_path: Path) -> None:
    """Anything else stands for 1."""
    scan = read_scan(write_nifti(tmp_path / "a.nii", QFAC, value))

    np.testing.assert_allclose(scan.grid.matrix, np.diag((0.5, 0.7, 3.0, 1.0)), atol=1e-6)
