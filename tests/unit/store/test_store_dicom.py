"""DICOM in: one even stack or a sentence that says why not, and nobody's name."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage, generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.store.dicom import imported_dicom
from pipeline.store.dicom_export import write_dicom_series
from pipeline.store.files import write_json
from pipeline.store.images import read_scan

REAL = Path(os.environ.get("FOOTVOL_DICOM_SAMPLES", "no folder"))
needs_real = pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the variable FOOTVOL_DICOM_SAMPLES names no folder of scanners' own series",
)

Edit = Callable[[Dataset], None]


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven DICOM slices."""
    folder = tmp_path / "series"
    write_dicom_series(scan, folder, label="01", side=Side.RIGHT)
    return folder


def edit(folder: Path, change: Edit, only: slice = slice(None)) -> None:
    """Change the headers of some slices."""
    for path in sorted(folder.rglob("*.dcm"))[only]:
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def setting(keyword: str, value: Any) -> Edit:
    """Give a change that sets one element."""
    return lambda dataset: setattr(dataset, keyword, value)


def refuse(folder: Path, words: str) -> None:
    """Expect the source to be refused in these words."""
    with pytest.raises(ScanError, match=words), imported_dicom(folder):
        pytest.fail("was let in")


def moved(along_mm: float, aside_mm: float = 0.0) -> Edit:
    """Give a change that moves a slice along its normal and along its rows."""

    def change(dataset: Dataset) -> None:
        rows, columns = np.reshape(np.array(dataset.ImageOrientationPatient, float), (2, 3))
        step = along_mm * np.cross(rows, columns) + aside_mm * rows
        position = np.array(dataset.ImagePositionPatient, float) + step
        dataset.ImagePositionPatient = position.round(6).tolist()

    return change


def test_a_series_gives_the_scan_it_was_made_of(scan: Scan, series: Path) -> None:
    """Voxels, place, side, body part and timing come through."""
    with imported_dicom(series) as found:
        back = read_scan(found.image)

    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-3)
    assert (found.side, found.side_text) == (Side.RIGHT, "DICOM Laterality")
    assert found.fields["BodyPart"] == "FOOT"
    assert found.fields["EchoTime"] == pytest.approx(0.015)


def test_the_order_of_files_does_not_matter(scan: Scan, series: Path) -> None:
    """Names and folders may be any."""
    for number, path in enumerate(sorted(series.iterdir(), reverse=True)):
        target = series / f"{number % 2}" / f"IM{number}"
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    (series / "README.txt").write_text("no DICOM")

    with imported_dicom(series) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)


def test_a_zip_is_unpacked_nowhere_but_in_scratch(
    scan: Scan, series: Path, tmp_path: Path
) -> None:
    """Names that climb out of the archive lead nowhere."""
    packed = tmp_path / "deep" / "sub-01.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(series.iterdir()):
            archive.write(path, f"../../{path.name}")
    before = sorted(p for p in tmp_path.rglob("*"))

    with imported_dicom(packed) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)

    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_a_broken_zip_is_refused(tmp_path: Path) -> None:
    """Text under that ending is told."""
    (tmp_path / "a.zip").write_text("Dear colleague")

    refuse(tmp_path / "a.zip", r"zip must be whole and not encrypted: .*BadZipFile")


def test_a_huge_zip_is_refused(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is unpacked that would fill the disk."""
    monkeypatch.setattr("pipeline.store.dicom._LARGEST_ZIP_GIB", 0)
    packed = shutil.make_archive(str(tmp_path / "a"), "zip", series)

    refuse(Path(packed), r"must unpack to 16 GiB at most: got 0\.0")


def test_a_folder_without_dicom_is_refused(tmp_path: Path) -> None:
    """Other files do not count."""
    (tmp_path / "a.txt").write_text("x" * 200)

    refuse(tmp_path, "must hold DICOM images: got none")


@pytest.mark.parametrize(
    ("kept_bytes", "words"),
    [
        (420, "header must be readable: got one that is damaged"),
        (900, "header must be readable: got one that is damaged"),
        (-20, "must be whole and in a known encoding: dcm2niix ended with code 1"),
    ],
)
def test_a_file_cut_off_is_refused(kept_bytes: int, words: str, series: Path) -> None:
    """In the header or in the pixels."""
    path = sorted(series.iterdir())[6]
    path.write_bytes(path.read_bytes()[:kept_bytes])

    refuse(series, words)


def test_reports_among_the_images_are_passed_over(scan: Scan, series: Path) -> None:
    """Archives add structured reports and drawings to an export."""
    shutil.copy(series / "0001.dcm", series / "report.dcm")

    def to_report(dataset: Dataset) -> None:
        dataset.SOPClassUID = BasicTextSRStorage
        dataset.SeriesInstanceUID = generate_uid()
        del dataset.Rows, dataset.PixelData

    edit(series, to_report, slice(-1, None))

    with imported_dicom(series) as found:
        assert read_scan(found.image).grid.shape == scan.grid.shape


@pytest.mark.parametrize(
    ("change", "only", "words"),
    [
        (setting("Modality", "CT"), slice(None), "must be MR: got modality 'CT'"),
        (moved(3.0), slice(4, None), r"6\.000 mm after slice 4 of 7, so 1 slice is missing"),
        (moved(6.0), slice(2, None), r"9\.000 mm after slice 2 of 7, so 2 slices are missing"),
        (moved(0.4), slice(3, 4), r"equally far apart: got a step of 3\.400 mm after slice 3"),
        (moved(-3.0), slice(5, 6), "got 2 images at position 5 of 6 and 1 elsewhere"),
        (
            setting("ImageOrientationPatient", [0, 1, 0, 0, 0, -1]),
            slice(2, 3),
            "in one orientation: got 2",
        ),
        (lambda d: d.__delattr__("ImagePositionPatient"), slice(1), "say its position"),
    ],
)
def test_a_stack_that_is_not_even_is_refused(
    change: Edit, only: slice, words: str, series: Path
) -> None:
    """One fault at a time, each with its fact."""
    edit(series, change, only)

    refuse(series, words)


def test_a_tilted_stack_is_refused(series: Path) -> None:
    """Slices pushed aside step by step would need resampling."""
    for k in range(7):
        edit(series, moved(0, 0.75 * k), slice(k, k + 1))

    refuse(series, r"tilted by 14\.0 degrees")


@pytest.mark.parametrize("kept", [1, 2])
def test_a_few_slices_are_no_volume(kept: int, series: Path) -> None:
    """With two slices no step can be proved."""
    for path in sorted(series.iterdir())[kept:]:
        path.unlink()

    refuse(series, f"at least 3 slice positions: got {kept} in {kept} images")


def test_two_series_are_listed(scan: Scan, series: Path) -> None:
    """The sentence gives number, count and plane; the setting takes one of them."""
    write_dicom_series(scan, series / "other", label="02", side=Side.RIGHT)
    edit(series / "other", setting("SeriesNumber", 5))

    refuse(series, r"got 2 of 2, namely 1 \(7 MR images, axial\); 5 \(7 MR images, axial\)")
    with imported_dicom(series, series_number=5) as found:
        assert read_scan(found.image).grid.shape == scan.grid.shape
    with (
        pytest.raises(ScanError, match="one series numbered 4: got 0 of 2"),
        imported_dicom(series, series_number=4),
    ):
        pytest.fail("was let in")


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("EchoTime", 40, r"got 2 \(echo time 15\.0 ms magnitude; echo time 40\.0 ms magnitude"),
        (
            "ImageType",
            ["ORIGINAL", "PRIMARY", "P"],
            r"got 2 \(echo time 15\.0 ms magnitude; echo time 15\.0 ms phase",
        ),
        ("AcquisitionNumber", 2, "got 2 "),
    ],
)
def test_several_volumes_of_one_series_are_listed(
    keyword: str, value: Any, words: str, series: Path
) -> None:
    """Echoes, phase images and repetitions are not stacked into one."""
    shutil.copytree(series, series / "again")
    edit(series / "again", setting(keyword, value))
    edit(series / "again", lambda d: setattr(d, "SOPInstanceUID", generate_uid()))

    refuse(series, f"one volume: {words}")


@pytest.mark.parametrize(
    ("keyword", "value", "side", "text"),
    [
        ("Laterality", "L", Side.LEFT, "DICOM Laterality"),
        ("ImageLaterality", "R", Side.RIGHT, "DICOM ImageLaterality"),
        ("BodyPartExamined", "LT FOOT", Side.LEFT, "DICOM BodyPartExamined"),
        ("Laterality", "B", None, "the DICOM header"),
    ],
)
def test_each_element_may_tell_the_side(
    keyword: str, value: str, side: Side | None, text: str, series: Path
) -> None:
    """Laterality, image laterality or the body part's words; both is none."""
    edit(series, lambda d: d.__delattr__("Laterality"))
    edit(series, setting(keyword, value))

    with imported_dicom(series) as found:
        assert (found.side, found.side_text) == (side, text)


def test_elements_that_contradict_are_refused(series: Path) -> None:
    """Both elements stand in the sentence."""
    edit(series, setting("ImageLaterality", "L"))

    refuse(series, "one side: got ImageLaterality left, Laterality right")


def test_frames_may_tell_the_side(series: Path) -> None:
    """Enhanced files say it in their functional groups."""

    def change(dataset: Dataset) -> None:
        del dataset.Laterality
        anatomy, group = Dataset(), Dataset()
        anatomy.FrameLaterality = "L"
        group.FrameAnatomySequence = [anatomy]
        dataset.SharedFunctionalGroupsSequence = [group]

    edit(series, change)

    with imported_dicom(series) as found:
        assert (found.side, found.side_text) == (Side.LEFT, "DICOM FrameLaterality")


def test_a_series_without_orientation_is_listed_so(scan: Scan, series: Path) -> None:
    """A plane that nobody knows is no reason to fail."""
    write_dicom_series(scan, series / "other", label="02", side=Side.RIGHT)
    edit(series / "other", lambda d: d.__delattr__("ImageOrientationPatient"))

    refuse(series, r"got 2 of 2, .*1 \(7 MR images, unknown plane\)")


@pytest.mark.parametrize(
    ("volumes", "frames", "words"),
    [
        (
            {"volume_e1": (5, 6, 7), "volume_e2_ph": (5, 6, 7)},
            7,
            "12 ms magnitude; .* 12 ms phase",
        ),
        ({"volume_Eq_1": (5, 6, 7)}, 7, "equally far apart .* had to resample"),
        ({"volume_Tilt_1": (5, 6, 7)}, 7, "square to their plane: .* had to resample"),
        ({"volume": (5, 6, 7, 3)}, 7, "one volume: got 3 .3 repetitions"),
        ({"volume": (5, 6, 8)}, 1, r"must become a slice: got 7 images but \(5, 6, 8\) voxels"),
        ({}, 7, "must be whole and in a known encoding"),
    ],
)
def test_what_dcm2niix_gives_is_looked_at(
    volumes: dict[str, tuple[int, ...]],
    frames: int,
    words: str,
    series: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Several, resampled, repeated, short or no volumes are refused."""

    def convert(command: list[Any], **_: object) -> subprocess.CompletedProcess[bytes]:
        for name, shape in volumes.items():
            out = Path(command[-2])
            nib.save(nib.Nifti1Image(np.zeros(shape, np.int16), np.eye(4)), out / f"{name}.nii")
            write_json({"EchoTime": 0.012}, out / f"{name}.json")
        return subprocess.CompletedProcess(command, 0)

    edit(series, setting("NumberOfFrames", frames))
    monkeypatch.setattr("pipeline.store.dicom.subprocess.run", convert)

    refuse(series, words)


@needs_real
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
            r"202 \(2 MR images, sagittal\); 501 .*, axial\)",
        ),
        ("philips_classic_fieldmap_2echo", "got 4 .*2.3 ms magnitude; echo time 2.3 ms phase"),
        ("philips_enhanced_fieldmap_2echo", "got 4 .*4.6 ms magnitude; echo time 4.6 ms phase"),
        ("siemens_mosaic_ax", "got 6"),
    ],
)
def test_real_series_that_are_not_one_volume_are_refused(folder: str, words: str) -> None:
    """Series of several makers, each with its fact."""
    refuse(REAL / folder, words)


@needs_real
def test_a_real_enhanced_file_is_one_volume() -> None:
    """Siemens XA30: 96 frames in one file."""
    with imported_dicom(REAL / "siemens_xa30_enhanced") as found:
        assert read_scan(found.image).grid.shape == (96, 128, 128)


@needs_real
def test_transfer_syntaxes_do_not_matter() -> None:
    """Nine encodings of one image give the same voxels."""
    scans = []
    for number in range(1, 10):
        with imported_dicom(REAL / "transfer_syntaxes", series_number=number) as found:
            scans.append(read_scan(found.image).intensity)

    assert all(np.array_equal(scans[0], other) for other in scans[1:])
