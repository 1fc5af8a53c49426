"""Simulated images on disk."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from small_foot import BARE, make_foot

from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.domain.scan_key import ScanKey
from pipeline.phantom.acquisition.acquire import acquire_all
from pipeline.simulate.image_files import (
    image_name,
    measured_name,
    write_dicom_images,
    write_nifti_images,
)
from pipeline.store.contrast import contrast_of
from pipeline.store.files import read_json
from pipeline.store.images import read_scan
from pipeline.store.raw_scans import find_scan

DIXON = replace(BARE, muscle_snr=20, is_dixon=True, contrast=Contrast.WATER)
FAT_SUPPRESSED = replace(BARE, muscle_snr=20, contrast=Contrast.T2W, fat_left=0.05)


@pytest.fixture
def dixon() -> Mapping[str, Scan]:
    """Acquire the four images of a Dixon scan of the small foot."""
    return acquire_all(make_foot(), DIXON, np.random.default_rng(1))


def test_the_water_image_is_the_one_to_measure(
    dixon: Mapping[str, Scan], tmp_path: Path
) -> None:
    """`find_scan` selects it among four images, and its contrast is known."""
    write_nifti_images(tmp_path, dixon, label="03", side=Side.RIGHT)

    files = sorted(p.name for p in (tmp_path / "sub-03" / "anat").glob("*.nii.gz"))
    assert files == [
        "sub-03_acq-fat_T1w.nii.gz",
        "sub-03_acq-in_echo-2_MEGRE.nii.gz",
        "sub-03_acq-opposed_echo-1_MEGRE.nii.gz",
        "sub-03_acq-water_T1w.nii.gz",
    ]
    result = find_scan(tmp_path, ScanKey("03"))
    assert result.name == "sub-03_acq-water_T1w.nii.gz"
    scan = read_scan(result)
    assert (scan.contrast, scan.side) == (Contrast.WATER, Side.RIGHT)
    assert scan.acquisition["ImageType"] == ["DERIVED", "PRIMARY", "M", "WATER"]


def test_each_image_has_its_contrast_in_its_name(dixon: Mapping[str, Scan]) -> None:
    """Water, fat and the two phases have different names."""
    contrasts = {
        k: contrast_of(image_name("1", k, s.contrast).raw(), s.acquisition)
        for k, s in dixon.items()
    }

    assert contrasts == {
        "water": Contrast.WATER,
        "fat": Contrast.FAT,
        "in": Contrast.T1W,
        "opposed": Contrast.T1W,
    }


def test_echo_times_of_the_two_phases_differ(dixon: Mapping[str, Scan], tmp_path: Path) -> None:
    """The sidecars of the two echoes have their echo times."""
    write_nifti_images(tmp_path, dixon, label="03", side=Side.RIGHT)

    opposed, together = (
        read_json(tmp_path / "sub-03" / "anat" / f"sub-03_acq-{name}_MEGRE.json")["EchoTime"]
        for name in ("opposed_echo-1", "in_echo-2")
    )
    assert together == 0.0046 != opposed


def test_a_single_image_is_named_by_its_contrast() -> None:
    """A fat-suppressed T2-weighted image has the suffix T2w."""
    images = acquire_all(make_foot(), FAT_SUPPRESSED, np.random.default_rng(1))

    assert measured_name("04", images).raw().name == "sub-04_T2w.nii.gz"
    assert images[""].acquisition["ScanOptions"] == "FS"


@pytest.mark.parametrize("enhanced", [False, True])
def test_dixon_series_lie_in_folders_of_one_study(
    enhanced: bool, dixon: Mapping[str, Scan], tmp_path: Path
) -> None:
    """Four numbered series of one study, each in the folder of its image."""
    write_dicom_images(tmp_path, dixon, label="03", side=Side.LEFT, enhanced=enhanced)

    folder = tmp_path / "sourcedata" / "dicom" / "sub-03"
    headers = [
        pydicom.dcmread(min((folder / kind).iterdir()), stop_before_pixels=True)
        for kind in dixon
    ]
    assert [h.SeriesNumber for h in headers] == [1, 2, 3, 4]
    assert len({h.StudyInstanceUID for h in headers}) == 1
    assert len({h.SeriesInstanceUID for h in headers}) == 4
    assert [h.ImageType[-1] for h in headers] == ["WATER", "FAT", "IN_PHASE", "OUT_PHASE"]
