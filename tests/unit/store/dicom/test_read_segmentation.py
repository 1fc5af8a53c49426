"""DICOM segmentations as corrections."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import write_series
from label_boxes import BLOCK, box_labels
from pydicom.sr.coding import Code
from segmentation_makers import FRAME, write_segmentation

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ArtefactError, GridMismatchError
from pipeline.store.corrections import read_correction
from pipeline.store.dicom.coded_anatomy import bones_of, muscles_of

OTHER = (slice(3, 5), slice(0, 2), slice(0, 7))
NAME = "sub-01_seg-muscles_dseg.dcm"


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as a series of a patient with a name."""
    folder = tmp_path / "series"
    elements: dict[str, Any] = {"PatientName": "MARK^A", "PatientSex": "O", "StudyTime": ""}
    write_series(scan, folder, FrameOfReferenceUID=FRAME, **elements)
    return folder


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_segments_become_labels(
    kind: str, is_whole: bool, series: Path, grid: Grid, tmp_path: Path
) -> None:
    """By name or abbreviation; slices without labels are in the file or not."""
    expected = box_labels(grid, {2: BLOCK, 8: OTHER})
    masks = {"Adductor_hallucis transverse HEAD": expected == 8, "FDB": expected == 2}
    path = write_segmentation(
        tmp_path / NAME, series, masks, grid, kind, omit_empty_frames=not is_whole
    )

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, expected)
    assert labels.grid is grid


def test_a_segmentation_of_some_slices_is_placed(
    series: Path, grid: Grid, tmp_path: Path
) -> None:
    """With a gap between them."""
    expected = box_labels(grid, {2: (slice(1, 3), slice(2, 4), slice(2, 3))})
    expected[4, 0, 5] = 2
    path = write_segmentation(tmp_path / NAME, series, {"FDB": expected == 2}, grid)

    np.testing.assert_array_equal(read_correction(path, MUSCLE_NAMES, grid).voxels, expected)


@pytest.mark.parametrize(
    ("code", "names", "label"),
    [
        (muscles_of(Side.RIGHT)[2].code, MUSCLE_NAMES, 3),
        (muscles_of(Side.LEFT)[2].code, MUSCLE_NAMES, 3),
        (bones_of(Side.RIGHT)[0].code, BONE_NAMES, 1),
    ],
)
def test_coded_anatomy_identifies_a_segment_without_a_name(
    code: Code, names: Mapping[int, str], label: int, series: Path, grid: Grid, tmp_path: Path
) -> None:
    """As of one that a program numbered; the number is none of ours."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    path = tmp_path / NAME
    write_segmentation(path, series, {"Segment_1": mask}, grid, coded={"Segment_1": code})

    assert np.unique(read_correction(path, names, grid).voxels).tolist() == [0, label]


@pytest.mark.parametrize("number", [4, 9])
def test_codes_of_several_muscles_identify_none(
    number: int, series: Path, grid: Grid, tmp_path: Path
) -> None:
    """Pooled labels have no code of their own."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    code = {"Segment_1": muscles_of(Side.RIGHT)[number].code}
    path = write_segmentation(tmp_path / NAME, series, {"Segment_1": mask}, grid, coded=code)

    with pytest.raises(ArtefactError, match=r"got \['Segment_1'\]"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_name_counts_more_than_a_code(series: Path, grid: Grid, tmp_path: Path) -> None:
    """3D Slicer keeps the code of a segment that is renamed."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    code = {"FDB": muscles_of(Side.RIGHT)[2].code}
    path = write_segmentation(tmp_path / NAME, series, {"FDB": mask}, grid, coded=code)

    assert np.unique(read_correction(path, MUSCLE_NAMES, grid).voxels).tolist() == [0, 2]


def test_bones_have_names_of_their_own(series: Path, grid: Grid, tmp_path: Path) -> None:
    """An abbreviation of a muscle is none of them."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    path = write_segmentation(tmp_path / NAME, series, {"metatarsal 1": mask}, grid)

    assert np.unique(read_correction(path, BONE_NAMES, grid).voxels).tolist() == [0, 8]
    with pytest.raises(ArtefactError, match=r"got \['metatarsal 1'\]\. Rename them to these"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_overlapping_segments_are_refused(series: Path, grid: Grid, tmp_path: Path) -> None:
    """They are named; the third one is not, as it overlaps none."""
    masks = {
        "FDB": box_labels(grid, {1: BLOCK}) == 1,
        "QP": box_labels(grid, {1: (slice(2, 4), *BLOCK[1:])}) == 1,
        "ADM": box_labels(grid, {1: OTHER}) == 1,
    }
    path = write_segmentation(tmp_path / NAME, series, masks, grid)

    with pytest.raises(ArtefactError, match=r"in none and 8 in several \['FDB', 'QP'\]\."):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_segmentation_of_another_grid_is_refused(
    series: Path, grid: Grid, tmp_path: Path
) -> None:
    """The message says by how much it is off."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    path = write_segmentation(tmp_path / NAME, series, {"FDB": mask}, grid)
    shifted = grid.matrix
    shifted[0, 3] += 0.2

    with pytest.raises(GridMismatchError, match=r"own grid.*up to 0\.2 mm off the scan's"):
        read_correction(path, MUSCLE_NAMES, Grid.from_arrays(grid.shape, shifted))


def test_fractions_are_refused(series: Path, grid: Grid, tmp_path: Path) -> None:
    """A voxel would have to be rounded."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    path = write_segmentation(tmp_path / NAME, series, {"FDB": mask}, grid, "FRACTIONAL")

    with pytest.raises(ArtefactError, match=r"which has fractions of voxels\. Export it as"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_uneven_slices_are_refused(series: Path, grid: Grid, tmp_path: Path) -> None:
    """They are no grid."""
    mask = box_labels(grid, {1: OTHER}) == 1
    path = write_segmentation(tmp_path / NAME, series, {"FDB": mask}, grid)
    made = pydicom.dcmread(path)
    place = made.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0]
    place.ImagePositionPatient[2] += 1.3
    made.save_as(path)

    with pytest.raises(ArtefactError, match=r"which has slices of other places\. Export it on"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize("damage", ["an image", "cut off", "no DICOM", "no pixels"])
def test_other_files_are_refused(damage: str, series: Path, grid: Grid, tmp_path: Path) -> None:
    """The message quotes nothing of them."""
    mask = box_labels(grid, {1: BLOCK}) == 1
    path = write_segmentation(tmp_path / NAME, series, {"FDB": mask}, grid)
    content = path.read_bytes()
    if damage == "an image":
        path.write_bytes(next(series.iterdir()).read_bytes())
    elif damage == "cut off":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "no DICOM":
        path.write_bytes(b"MARK" * 100)
    else:
        made = pydicom.dcmread(path)
        del made.PixelData
        made.save_as(path)

    with pytest.raises(ArtefactError, match="in DICOM must be a whole segmentation") as caught:
        read_correction(path, MUSCLE_NAMES, grid)
    assert "MARK" not in str(caught.value)
