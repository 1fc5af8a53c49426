"""Fields of a NIfTI header that nibabel silently ignores or corrects."""

import struct
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

SLOPE, QFAC = 112, 76
"""Where they begin in a header (nifti1.h)."""


def write_nifti(path: Path, place: int, value: float) -> Path:
    """Write a scan with one 32-bit number of its header replaced."""
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
    """The 0 of the standard, and the NaN that nibabel writes."""
    assert read_scan(write_nifti(tmp_path / "a.nii", SLOPE, value)).intensity.max() > 1


def test_an_invalid_handedness_is_refused(tmp_path: Path) -> None:
    """It is mirrored by the standard, but not by nibabel."""
    with pytest.raises(ScanError, match=r"pixdim\[0\] must be 1, or -1 .*: got -2\."):
        read_scan(write_nifti(tmp_path / "a.nii", QFAC, -2))


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_only_a_negative_handedness_mirrors_the_third_axis(
    value: float, tmp_path: Path
) -> None:
    """Any other value means 1."""
    scan = read_scan(write_nifti(tmp_path / "a.nii", QFAC, value))

    np.testing.assert_allclose(scan.grid.matrix, np.diag((0.5, 0.7, 3.0, 1.0)), atol=1e-6)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("xyzt_units", 4, "must be in mm: got the unknown code 4"),
        ("xyzt_units", 1, "must be in mm: got 'meter'"),
        (
            "vox_offset",
            0,
            r"begin after the header, at byte (352|544) or later: got vox_.* 0\.",
        ),
        ("datatype", 2, "fits bitpix: got datatype 2, 8 bits, with bitpix 16"),
        ("datatype", 9999, "fits bitpix: got datatype 9999, an unknown one"),
        ("bitpix", 0, "fits bitpix: got datatype 4, 16 bits, with bitpix 0"),
        ("dim", (3, 5, -6, 7, 1, 1, 1, 1), r"1 to 7 sizes above zero: got dim \[3, 5, -6"),
        ("dim", (0, 5, 6, 7, 1, 1, 1, 1), r"1 to 7 sizes above zero|no NIfTI header"),
        ("sform_code", 9, "sform_code must be 0 to 5: got 9"),
        ("scl_inter", np.nan, "must have valid numbers where NIfTI asks for them"),
    ],
)
def test_an_invalid_field_is_refused(
    kind: type[nib.Nifti1Image], field: str, value: Any, words: str, tmp_path: Path
) -> None:
    """As stored, before nibabel corrects it; both versions of NIfTI."""
    image = kind(np.arange(210, dtype=np.int16).reshape(5, 6, 7), np.diag((0.5, 0.7, 3, 1)))
    image.header.set_slope_inter(1, 0)
    content = image.to_bytes()
    size = image.header.sizeof_hdr
    header = np.frombuffer(content[:size], image.header.template_dtype).copy()
    header[field] = value
    (tmp_path / "a.nii").write_bytes(header.tobytes() + content[size:])

    with pytest.raises(ScanError, match=f"a.nii: .*({words})"):
        read_scan(tmp_path / "a.nii")


def test_an_infinite_offset_is_refused(tmp_path: Path) -> None:
    """NIfTI-1 stores it as a float."""
    content = bytearray(
        nib.Nifti1Image(np.arange(210, dtype=np.int16).reshape(5, 6, 7), np.eye(4)).to_bytes()
    )
    content[108:112] = np.array(np.inf, "<f4").tobytes()
    (tmp_path / "a.nii").write_bytes(content)

    with pytest.raises(ScanError, match="at byte 352 or later: got vox_offset inf"):
        read_scan(tmp_path / "a.nii")
