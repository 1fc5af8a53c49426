"""Series with several UIDs: joined if unambiguous, otherwise refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_makers import Edit, edit, opened, refuse, setting, write_series
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from pipeline.domain.scan import Scan
from pipeline.store.images import read_scan


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven DICOM slices."""
    write_series(scan, tmp_path / "sub-01" / "a", number=4)
    return tmp_path / "sub-01"


def anew(
    *keywords: str, salt: str = "", per: Callable[[Dataset], object] | None = None
) -> Edit:
    """Return a change that sets new UIDs, by default one per image."""

    def change(dataset: Dataset) -> None:
        part = per(dataset) if per else dataset.SOPInstanceUID
        for keyword in keywords:
            uid = generate_uid(entropy_srcs=[keyword, salt, str(part)])
            setattr(dataset, keyword, uid)

    return change


def assert_whole(scan: Scan, source: Path) -> None:
    """Expect the scan, voxel for voxel, at the same positions."""
    with opened(source) as found:
        back = read_scan(found.image)
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        anew("SeriesInstanceUID"),
        anew("StudyInstanceUID"),
        anew("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"),
        anew("StudyInstanceUID", per=lambda d: d.InstanceNumber > 3),
        anew("SeriesInstanceUID", per=lambda d: d.InstanceNumber // 2),
    ],
)
def test_one_series_under_several_uids_is_joined(
    change: Edit, scan: Scan, series: Path
) -> None:
    """UIDs of series, study or both differ by slice, or one study follows another."""
    edit(series, change)

    assert_whole(scan, series)


def test_two_echoes_with_a_uid_per_slice_stay_two(scan: Scan, series: Path) -> None:
    """Each is joined from its own slices."""
    write_series(scan, series / "b", number=4, EchoTime=40)
    edit(series / "b", lambda d: setattr(d, "InstanceNumber", d.InstanceNumber + 7))
    edit(series, anew("SeriesInstanceUID"))

    refuse(series, "(?s)got 2 of 2.* 4-1 .* 15 .* 1-7 .* 4-2 .* 40 .* 8-14 ")


@pytest.mark.parametrize(
    ("change", "only", "words"),
    [
        (setting(InstanceNumber=1), slice(3, 4), "with only 6 different image numbers"),
        (setting(InstanceNumber=None), slice(None), "without series and image numbers"),
        (setting(SeriesNumber=None), slice(None), "without series and image numbers"),
        (setting(SeriesTime="120000"), slice(3, 4), "which started at different times"),
        (setting(SeriesDate="20200102"), slice(3, 4), "which started at different times"),
        (setting(ProtocolName="other"), slice(3, 4), "with different descriptions"),
        (setting(InstanceNumber=9), slice(3, 4), "whose numbers do not follow the stack"),
        (setting(ImagePositionPatient=None), slice(3, 4), "without positions"),
    ],
)
def test_ambiguous_images_are_refused_in_one_sentence(
    change: Edit, only: slice, words: str, series: Path
) -> None:
    """One fault at a time, without a table of seven series of one slice each."""
    edit(series, anew("SeriesInstanceUID"))
    edit(series, change, only)

    refuse(
        series,
        rf"one study and series UID: got 7 images of .* under 7 .*, {words}",
    )


def test_a_missing_slice_of_a_joined_series_is_named(series: Path) -> None:
    """Its positions are checked like those of any series."""
    edit(series, anew("SeriesInstanceUID"))
    (series / "a" / "0003.dcm").unlink()

    refuse(series, r"^All slices must be equally far apart: .* 1 slice is missing there")


def test_two_scans_of_one_number_are_never_merged(scan: Scan, series: Path) -> None:
    """At a later visit, the same protocol has the same number, positions and description."""
    later = Scan(scan.intensity[::-1], scan.grid, acquisition=scan.acquisition)
    write_series(later, series / "b", number=4)
    edit(series / "b", anew("StudyInstanceUID", per=lambda _: "later"))
    refuse(series, "got 2 of 2")

    edit(series, setting(SeriesInstanceUID=generate_uid(entropy_srcs=["one for both"])))
    refuse(series, "got 2 of 2")
    with opened(series, series="4-2") as found:
        voxels = read_scan(found.image).intensity
    assert any(np.array_equal(voxels, each.intensity) for each in (scan, later))

    edit(series, anew("StudyInstanceUID"))
    refuse(
        series,
        "one study and series UID: got 14 images of series 4 under 14",
    )


def test_scans_that_would_interleave_are_never_merged(scan: Scan, series: Path) -> None:
    """Half a step apart, with other numbers, they would form one stack of half steps."""
    write_series(scan, series / "b", number=4)

    def between(dataset: Dataset) -> None:
        rows, columns = np.reshape(np.array(dataset.ImageOrientationPatient, float), (2, 3))
        place = np.array(dataset.ImagePositionPatient, float) + 1.5 * np.cross(rows, columns)
        dataset.ImagePositionPatient = place.round(6).tolist()
        dataset.InstanceNumber += 7

    edit(series / "b", between)
    edit(series, anew("SeriesInstanceUID"))

    refuse(series, "got 14 images of series 4 under 14 .* do not follow the stack")


def test_copies_of_a_split_series_count_once(scan: Scan, series: Path) -> None:
    """Each image of duplicate files counts once."""
    edit(series, anew("SeriesInstanceUID"))
    shutil.copytree(series / "a", series / "again")

    assert_whole(scan, series)
