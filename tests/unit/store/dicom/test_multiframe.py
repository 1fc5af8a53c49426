"""Multi-frame files: frames in any order, in several files, of several stacks and scales."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_makers import opened, refuse
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless, generate_uid

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.store.images import read_scan

FRAME_BYTES = 60


@pytest.fixture
def enhanced(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as one file of seven frames."""
    return write(scan, tmp_path / "sub-01" / "1.dcm")


def write(scan: Scan, file: Path) -> Path:
    """Write a file of frames."""
    write_enhanced_dicom(scan, file, label="01", side=Side.RIGHT)
    return file


def with_frames(dataset: Dataset, frames: Sequence[int]) -> Dataset:
    """Return a file with some of the frames, in this order."""
    part, groups = copy.deepcopy(dataset), dataset.PerFrameFunctionalGroupsSequence
    pixels = dataset.PixelData
    part.PerFrameFunctionalGroupsSequence = [copy.deepcopy(groups[k]) for k in frames]
    part.PixelData = b"".join(pixels[k * FRAME_BYTES : (k + 1) * FRAME_BYTES] for k in frames)
    part.NumberOfFrames = len(frames)
    part.SOPInstanceUID = generate_uid(entropy_srcs=[str(frames)])
    part.file_meta.MediaStorageSOPInstanceUID = part.SOPInstanceUID
    return part


def assert_whole(scan: Scan, source: Path, **rules: str) -> None:
    """Expect the scan, voxel for voxel, at the same positions."""
    with opened(source, **rules) as found:
        back = read_scan(found.image)
        assert found.fields["EchoTime"] == pytest.approx(0.015)
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-3)


def test_frames_out_of_order_are_put_in_order(scan: Scan, enhanced: Path) -> None:
    """Their positions decide, even against their numbers in the stack."""
    part = with_frames(pydicom.dcmread(enhanced), (3, 0, 6, 1, 5, 2, 4))
    for k, group in enumerate(part.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].InStackPositionNumber = k + 1
        group.FrameContentSequence[0].DimensionIndexValues = [1, k + 1]
    part.save_as(enhanced)

    assert_whole(scan, enhanced.parent)


def test_compressed_frames_are_taken_one_by_one(scan: Scan, enhanced: Path) -> None:
    """Without decompression by footvol."""
    part = with_frames(pydicom.dcmread(enhanced), (3, 0, 6, 1, 5, 2, 4))
    part.compress(RLELossless, generate_instance_uid=False)
    part.save_as(enhanced)

    assert_whole(scan, enhanced.parent)


def parts(
    enhanced: Path, change: Callable[[Dataset], None] = lambda _: None, total: int | None = 3
) -> list[Path]:
    """Split a file into a concatenation of three, of 3, 2 and 2 frames."""
    whole, files = pydicom.dcmread(enhanced), []
    enhanced.unlink()
    for number, frames in enumerate(((0, 1, 2), (3, 4), (5, 6)), start=1):
        part = with_frames(whole, frames)
        part.ConcatenationUID = "1.2.3.4"
        part.InConcatenationNumber = number
        part.ConcatenationFrameOffsetNumber = frames[0]
        if total is not None:
            part.InConcatenationTotalNumber = total
        change(part)
        files.append(enhanced.with_name(f"{number}.dcm"))
        part.save_as(files[-1])
    return files


@pytest.mark.parametrize("total", [3, None])
def test_the_parts_of_a_concatenation_are_joined(
    total: int | None, scan: Scan, enhanced: Path
) -> None:
    """In three files; the total is optional."""
    parts(enhanced, total=total)

    assert_whole(scan, enhanced.parent)


@pytest.mark.parametrize(
    ("total", "gone", "words"),
    [
        (3, (2,), "got part 1, 2 of 3, so 3 is missing"),
        (3, (0,), "got part 2, 3 of 3, so 1 is missing"),
        (3, (1,), "got part 1, 3 of 3, so 2 is missing"),
        (3, (1, 2), "got part 1 of 3, so 2, 3 are missing"),
        (None, (1, 2), "got part 1 of 2, so 2 is missing"),
        (None, (0,), "got part 2, 3 of 3, so 1 is missing"),
        (12, (1, 2), r"got part 1 of 12, so 2, 3, 4, 5, 6 \.\. are missing"),
    ],
)
def test_missing_parts_of_a_concatenation_are_named(
    total: int | None, gone: tuple[int, ...], words: str, enhanced: Path
) -> None:
    """The rest would be an even stack, but an incomplete one."""
    files = parts(enhanced, total=total)
    for k in gone:
        files[k].unlink()

    refuse(enhanced.parent, f"^A concatenation must be complete: {words}")


def test_parts_that_do_not_follow_one_another_are_refused(enhanced: Path) -> None:
    """The offset is the number of preceding frames."""

    def change(part: Dataset) -> None:
        part.ConcatenationFrameOffsetNumber += part.InConcatenationNumber == 3

    parts(enhanced, change)

    refuse(enhanced.parent, "got part 3 of 3 with 6 frames before it, where 5 are there")


def test_a_part_there_twice_is_refused(enhanced: Path) -> None:
    """Two different files have the number of the second."""

    def change(part: Dataset) -> None:
        part.InConcatenationNumber = min(part.InConcatenationNumber, 2)

    parts(enhanced, change, total=2)

    refuse(enhanced.parent, "got part 1, 2 of 2, some of them twice")


def two_feet(scan: Scan, folder: Path, *, is_named: bool, apart_mm: float) -> Scan:
    """Write a right and a left foot as one file; return the left."""
    place = scan.grid.matrix
    place[:3, 3] += apart_mm * place[:3, 0] / 0.5 + 4 * place[:3, 2]
    left = Scan(
        scan.intensity + 1,
        Grid.from_arrays(scan.grid.shape, place),
        acquisition=scan.acquisition,
    )
    both, other = (
        pydicom.dcmread(write(each, folder / name))
        for each, name in ((scan, "1.dcm"), (left, "2.dcm"))
    )
    (folder / "2.dcm").unlink()
    shared = both.SharedFunctionalGroupsSequence[0]
    del both.Laterality, shared.FrameAnatomySequence
    for dataset, letter in ((both, "R"), (other, "L")):
        for group in dataset.PerFrameFunctionalGroupsSequence if is_named else ():
            group.FrameContentSequence[0].StackID = letter
            anatomy = Dataset()
            anatomy.FrameLaterality = letter
            group.FrameAnatomySequence = [anatomy]
    both.PerFrameFunctionalGroupsSequence += other.PerFrameFunctionalGroupsSequence
    both.PixelData, both.NumberOfFrames = both.PixelData + other.PixelData, 14
    both.save_as(folder / "1.dcm")
    return left


def test_two_feet_in_one_file_can_each_be_selected(scan: Scan, tmp_path: Path) -> None:
    """Stack and side of the frames separate them, and the table gives their centres."""
    left = two_feet(scan, tmp_path / "sub-01", is_named=True, apart_mm=90)

    refuse(tmp_path / "sub-01", "(?s)got 2 of 2.* 1-1 .* 1-7 .* 1-2 .* 8-14 ")
    for name, foot, side in (("1-1", scan, Side.RIGHT), ("1-2", left, Side.LEFT)):
        assert_whole(foot, tmp_path / "sub-01", series=name)
        with opened(tmp_path / "sub-01", series=name) as found:
            assert {stated for _, stated in found.sides} == {side}


def test_two_feet_that_nothing_separates_are_refused(scan: Scan, tmp_path: Path) -> None:
    """Depths that partly overlap have one or two images."""
    two_feet(scan, tmp_path / "sub-01", is_named=False, apart_mm=90)

    refuse(tmp_path / "sub-01", "^Every slice position must have equally many images")


def test_stacks_that_make_up_one_volume_stay_one(scan: Scan, enhanced: Path) -> None:
    """Odd and even frames are separate stacks in interleaved scans."""
    part = with_frames(pydicom.dcmread(enhanced), (0, 2, 4, 6, 1, 3, 5))
    for k, group in enumerate(part.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].StackID = "1" if k < 4 else "2"
    part.save_as(enhanced)

    assert_whole(scan, enhanced.parent)


def test_every_frame_has_its_own_scaling(scan: Scan, enhanced: Path) -> None:
    """Slope and intercept of the frames' functional groups."""
    dataset = pydicom.dcmread(enhanced)
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    for k, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        scale = Dataset()
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = 0.5 + k, k, "US"
        group.PixelValueTransformationSequence = [scale]
    dataset.save_as(enhanced)

    with opened(enhanced.parent) as found:
        back = read_scan(found.image)
    number = np.arange(7)
    expected = scan.intensity * (0.5 + number) + number
    np.testing.assert_allclose(back.intensity, expected, rtol=1e-6)
