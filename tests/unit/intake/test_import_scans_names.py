"""Names of imported images follow header, sidecar and file name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ScanError
from pipeline.settings.intake import IntakeParams
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.files import read_json, write_json
from pipeline.store.images import read_scan, write_scan
from pipeline.store.raw_scans import find_keys, find_scan

Bring = Callable[..., list[Path]]


def change(folder: Path, **elements: str) -> None:
    """Set elements of all slices of a series."""
    for number, path in enumerate(sorted(folder.iterdir())):
        dataset = pydicom.dcmread(path)
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{number}"
        dataset.save_as(path)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("07.nii.gz", "sub-07_T1w.nii.gz"),
        ("sub-07_T2w.nii", "sub-07_T2w.nii.gz"),
        ("sub-07_dixon_water.nii", "sub-07_acq-water_T1w.nii.gz"),
    ],
)
def test_the_name_follows_the_source(
    source: str, name: str, scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """Weighting and Dixon part are taken from the file's name."""
    write_scan(scan, tmp_path / source, like=None)

    (image,) = bring(tmp_path / source, tmp_path / "raw")

    assert image.name == name


def test_the_image_type_of_the_sidecar_is_kept(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """The image is named by it, and the measuring stages find it."""
    write_scan(scan, tmp_path / "sub-07.nii", like=None)
    facts = {"Laterality": "R", "ImageType": ["DERIVED", "PRIMARY", "W", "W", "SMITH"]}
    write_json(facts, tmp_path / "sub-07.json")

    (image,) = bring(tmp_path / "sub-07.nii", tmp_path / "raw")

    assert image.name == "sub-07_acq-water_T1w.nii.gz"
    assert read_json(image.with_name("sub-07_acq-water_T1w.json"))["ImageType"] == [
        "DERIVED",
        "PRIMARY",
        "W",
        "W",
    ]
    assert read_scan(image).contrast is Contrast.WATER


def test_a_name_that_contradicts_the_sidecar_is_refused(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """Before anything is written."""
    write_scan(scan, tmp_path / "sub-07_fat.nii", like=None)
    write_json({"ImageType": ["WATER"]}, tmp_path / "sub-07_fat.json")

    with pytest.raises(
        ScanError, match="got water from the sidecar but fat from the file name"
    ):
        bring(tmp_path / "sub-07_fat.nii", tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_the_weighting_may_be_set(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """DICOM has no element for it."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw", params=IntakeParams(suffix="T2w"))

    assert image.name == "sub-07_T2w.nii.gz"


def test_water_and_fat_are_both_written(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """The water image is the one that is measured."""
    for number, part in enumerate(("WATER", "FAT"), start=1):
        facts = {**scan.acquisition, "ImageType": ["DERIVED", "PRIMARY", "M", part]}
        folder = tmp_path / "sub-07" / part
        image = replace(scan, acquisition=facts)
        write_dicom_series(
            image, folder, label="07", side=Side.RIGHT, number=number, study="one"
        )
        change(folder, SeriesInstanceUID=f"1.2.{number}")

    written = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert [p.name for p in written] == [
        "sub-07_acq-water_T1w.nii.gz",
        "sub-07_acq-fat_T1w.nii.gz",
    ]
    assert find_scan(tmp_path / "raw", ScanKey("07")) == written[0]


def test_the_header_names_the_weighting(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """A series with T2 in its description is not named T1."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)
    change(tmp_path / "sub-07", SeriesDescription="T2_tse_sag", SeriesInstanceUID="1.2")

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert image.name == "sub-07_T2w.nii.gz"


def test_all_scans_of_an_import_get_its_session(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """A second session comes beside the first, and the table keeps one row."""
    write_scan(scan, tmp_path / "sub-07_acq-x_T2w.nii", like=None)
    for session in ("a", "b"):
        bring(tmp_path / "sub-07_acq-x_T2w.nii", tmp_path / "raw", session=session)

    assert sorted(path.name for path in (tmp_path / "raw").rglob("*.nii.gz")) == [
        "sub-07_ses-a_acq-x_T2w.nii.gz",
        "sub-07_ses-b_acq-x_T2w.nii.gz",
    ]
    assert find_keys(tmp_path / "raw", "07") == (ScanKey("07", "a"), ScanKey("07", "b"))
    assert len((tmp_path / "raw/participants.tsv").read_text().splitlines()) == 2


def test_a_scan_of_another_session_is_refused(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """One that its name states already is kept."""
    write_scan(scan, tmp_path / "sub-07_ses-a_T1w.nii", like=None)

    with pytest.raises(ScanError, match=r"got one of 'ses-a' in place of 'ses-b'\. Import"):
        bring(tmp_path / "sub-07_ses-a_T1w.nii", tmp_path / "raw", session="b")
    (image,) = bring(tmp_path / "sub-07_ses-a_T1w.nii", tmp_path / "raw", session="a")
    assert image.name == "sub-07_ses-a_T1w.nii.gz"
