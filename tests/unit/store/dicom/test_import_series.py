"""Import of DICOM: one even stack, or a refusal with the reason."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from dicom_makers import Edit, edit, moved, opened, refuse, setting
from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage, generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import read_scan


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven DICOM slices."""
    folder = tmp_path / "series"
    write_dicom_series(scan, folder, label="01", side=Side.RIGHT)
    return folder


def test_a_series_gives_the_scan_it_was_made_of(scan: Scan, series: Path) -> None:
    """Voxels, positions, side, body part and timing are kept."""
    with opened(series) as found:
        back = read_scan(found.image)

    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-3)
    assert found.sides == (("DICOM Laterality", Side.RIGHT),)
    assert found.fields["BodyPart"] == "FOOT"
    assert found.fields["EchoTime"] == pytest.approx(0.015)


def test_the_order_of_files_does_not_matter(scan: Scan, series: Path) -> None:
    """Nor do their names and folders."""
    for number, path in enumerate(sorted(series.iterdir(), reverse=True)):
        target = series / f"{number % 2}" / f"IM{number}"
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    (series / "README.txt").write_text("no DICOM")

    with opened(series) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)


@pytest.mark.parametrize(
    ("kept_bytes", "words"),
    [
        (420, "must be whole and readable: got one that is damaged"),
        (900, "must be whole and readable: got one that is damaged"),
        (-20, "damaged .60 bytes of pixels expected, 40 found"),
    ],
)
def test_a_file_cut_off_is_refused(kept_bytes: int, words: str, series: Path) -> None:
    """In the header or in the pixels."""
    path = sorted(series.iterdir())[6]
    path.write_bytes(path.read_bytes()[:kept_bytes])

    refuse(series, words)


def test_reports_among_the_images_are_ignored(scan: Scan, series: Path) -> None:
    """Archives add structured reports and drawings to an export."""
    shutil.copy(series / "0001.dcm", series / "report.dcm")

    def to_report(dataset: Dataset) -> None:
        dataset.SOPClassUID = BasicTextSRStorage
        dataset.SeriesInstanceUID = generate_uid()
        del dataset.Rows, dataset.PixelData

    edit(series, to_report, slice(-1, None))

    with opened(series) as found:
        assert read_scan(found.image).grid.shape == scan.grid.shape


@pytest.mark.parametrize(
    ("change", "only", "words"),
    [
        (setting(Modality="CT"), slice(None), "must be MR: got modality 'CT'"),
        (moved(3.0), slice(4, None), r"6\.000 mm after slice 4 of 7, so 1 slice is missing"),
        (moved(6.0), slice(2, None), r"9\.000 mm after slice 2 of 7, so 2 slices are missing"),
        (moved(0.4), slice(3, 4), r"equally far apart: got a step of 3\.400 mm after slice 3"),
        (moved(-3.0), slice(5, 6), "got 2 at position 5 of 6 and 1 elsewhere"),
        (
            setting(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
            slice(2, 3),
            "in one orientation: got 2",
        ),
        (setting(ImagePositionPatient=None), slice(1), "state its position"),
    ],
)
def test_a_stack_that_is_not_even_is_refused(
    change: Edit, only: slice, words: str, series: Path
) -> None:
    """One fault at a time, each with its value."""
    edit(series, change, only)

    refuse(series, words)


def test_a_tilted_stack_is_refused(series: Path) -> None:
    """Slices shifted sideways step by step would need resampling."""
    for k in range(7):
        edit(series, moved(0, 0.75 * k), slice(k, k + 1))

    refuse(series, r"tilted by 14\.04 degrees")


@pytest.mark.parametrize("kept", [1, 2])
def test_a_few_slices_are_not_a_volume(kept: int, series: Path) -> None:
    """With two slices no step can be checked."""
    for path in sorted(series.iterdir())[kept:]:
        path.unlink()

    refuse(series, f"at least 3 slice positions: got {kept} in {kept} images")


@pytest.mark.parametrize(
    ("keyword", "value", "sides"),
    [
        ("Laterality", "L", (("DICOM Laterality", Side.LEFT),)),
        ("ImageLaterality", "R", (("DICOM ImageLaterality", Side.RIGHT),)),
        ("BodyPartExamined", "LT FOOT", (("DICOM BodyPartExamined", Side.LEFT),)),
        ("Laterality", "B", ()),
    ],
)
def test_each_element_may_state_the_side(
    keyword: str, value: str, sides: tuple[tuple[str, Side], ...], series: Path
) -> None:
    """Laterality, image laterality or the words of the body part; B (both) states none."""
    edit(series, setting(Laterality=None))
    edit(series, setting(**{keyword: value}))

    with opened(series) as found:
        assert found.sides == sides


def test_elements_that_contradict_are_all_given(series: Path) -> None:
    """The stage that settles the side gets both."""
    edit(series, setting(ImageLaterality="L"))

    with opened(series) as found:
        assert found.sides == (
            ("DICOM ImageLaterality", Side.LEFT),
            ("DICOM Laterality", Side.RIGHT),
        )


def test_frames_may_state_the_side(series: Path) -> None:
    """Enhanced files state it in their functional groups."""

    def change(dataset: Dataset) -> None:
        del dataset.Laterality
        anatomy, group = Dataset(), Dataset()
        anatomy.FrameLaterality = "L"
        group.FrameAnatomySequence = [anatomy]
        dataset.SharedFunctionalGroupsSequence = [group]

    edit(series, change)

    with opened(series) as found:
        assert found.sides == (("DICOM FrameLaterality", Side.LEFT),)
