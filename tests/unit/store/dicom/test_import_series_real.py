"""Series of several makers' scanners, against what dcm2niix makes of them."""

import os
import subprocess
from pathlib import Path
from typing import Any

import dcm2niix
import nibabel as nib
import numpy as np
import pytest
from dicom_makers import opened, refuse
from numpy.typing import NDArray

from pipeline.store.images import read_scan

REAL = Path(os.environ.get("FOOTVOL_DICOM_SAMPLES", "no folder"))
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the variable FOOTVOL_DICOM_SAMPLES names no folder of scanners' own series",
)
Image = tuple[NDArray[Any], NDArray[np.float64]]


def by_dcm2niix(folder: str, out: Path) -> dict[str, Image]:
    """Convert a whole folder, and return voxels and affine by name."""
    command = [dcm2niix.bin, "-z", "n", "-f", "%s", "-o", str(out), str(REAL / folder)]
    subprocess.run(command, check=True, capture_output=True)
    images = {path.stem: nib.load(path) for path in sorted(out.glob("*.nii"))}
    return {name: (np.asarray(i.dataobj), i.affine) for name, i in images.items()}


def by_intake(folder: str, series: str) -> Image:
    """Import one volume."""
    with opened(REAL / folder, series=series) as found:
        image = nib.load(found.image)
        return np.asarray(image.dataobj), image.affine


def assert_same(ours: Image, theirs: Image, tolerance_mm: float = 0.0) -> None:
    """Compare exactly; positions within the last digit of the headers."""
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=tolerance_mm)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("broken_series/gantrytilting/001", "got modality 'CT'"),
        ("broken_series/notavolume/001", "got modality 'CT'"),
        ("broken_series/slicecount/001", "at least 3 slice positions: got 2"),
        ("broken_series/sliceincrement/001", "got modality 'CT'"),
        ("broken_series/sliceincrement/002", "got modality 'CT'"),
        (
            "broken_series/sliceorientation/001",
            r"(?s)got 2 of 2.* 202 +2 +sagittal .* 501 +2 +axial .*Series 202: A volume must "
            "have at least 3 slice positions: got 2",
        ),
        ("philips_classic_fieldmap_2echo", "(?s)got 2 of 4.*2001-1 .*2.3 .*2001-3 .*4.6 "),
        ("philips_enhanced_fieldmap_2echo", "(?s)got 2 of 4.*2001-1 .*2.3 .*2001-3 .*4.6 "),
        ("siemens_mosaic_ax", "(?s)got 6 of 6.* 2-6 +mosaic"),
        ("transfer_syntaxes", "got 9 of 9"),
    ],
)
def test_what_is_not_one_volume_is_refused(folder: str, words: str) -> None:
    """Each with its value."""
    refuse(REAL / folder, words)


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["classic", "enhanced"])
def test_a_field_map_is_four_volumes(kind: str, tmp_path: Path) -> None:
    """Two echoes, magnitude and phase, each as dcm2niix has it."""
    folder = f"philips_{kind}_fieldmap_2echo"
    theirs = by_dcm2niix(folder, tmp_path)

    for number, name in enumerate(["e1", "e1_ph", "e2", "e2_ph"], start=1):
        assert_same(by_intake(folder, f"2001-{number}"), theirs[f"2001_{name}"], 1e-3)


@pytest.mark.parametrize("number", range(1, 5))
def test_enhanced_and_classic_are_the_same(number: int) -> None:
    """Voxel for voxel, in the same place."""
    classic, enhanced = (
        by_intake(f"philips_{kind}_fieldmap_2echo", f"2001-{number}")
        for kind in ("classic", "enhanced")
    )

    np.testing.assert_array_equal(classic[0], enhanced[0])
    np.testing.assert_allclose(classic[1], enhanced[1], atol=1e-6)


@pytest.mark.integration
def test_an_enhanced_series_is_one_volume(tmp_path: Path) -> None:
    """Siemens XA30: 96 frames in one file."""
    (theirs,) = by_dcm2niix("siemens_xa30_enhanced", tmp_path).values()

    assert_same(by_intake("siemens_xa30_enhanced", "5"), theirs, 1e-3)
    with opened(REAL / "siemens_xa30_enhanced") as found:
        assert read_scan(found.image).grid.shape == (96, 128, 128)
        assert found.contrast == "T1w"


@pytest.mark.integration
def test_mosaics_are_unpacked(tmp_path: Path) -> None:
    """Six repetitions, each from its own file."""
    ((voxels, affine),) = by_dcm2niix("siemens_mosaic_ax", tmp_path).values()

    for number in range(6):
        ours = by_intake("siemens_mosaic_ax", f"2-{number + 1}")
        assert_same(ours, (voxels[..., number], affine))


@pytest.mark.integration
def test_transfer_syntaxes_do_not_matter(tmp_path: Path) -> None:
    """Nine files in seven encodings give the same voxels, and those of dcm2niix."""
    theirs = by_dcm2niix("transfer_syntaxes", tmp_path)

    for number in range(1, 10):
        assert_same(by_intake("transfer_syntaxes", str(number)), theirs["1"])
