"""Segmentations of 3D Slicer as corrections: names, layers and blocks of voxels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from label_boxes import BLOCK, Box, box_labels
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.errors import ArtefactError, GridMismatchError
from pipeline.store.corrections import read_correction

Segments = Sequence[tuple[str, int, int]]


def write_segments(
    path: Path,
    layers: Sequence[NDArray[np.uint8]],
    grid: Grid,
    segments: Segments,
    *,
    packed: bool = False,
) -> Path:
    """Write a file as 3D Slicer does: one component per layer, and fields for each segment."""
    stack = np.stack(layers, axis=-1).transpose(2, 1, 0, 3)
    image = SimpleITK.GetImageFromArray(
        stack if len(layers) > 1 else stack[..., 0], isVector=len(layers) > 1
    )
    affine = np.diag((-1.0, -1.0, 1.0, 1.0)) @ grid.matrix
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / grid.spacing_mm).ravel().tolist())
    for number, (name, value, layer) in enumerate(segments):
        facts = {"ID": f"id{number}", "Name": name, "LabelValue": value, "Layer": layer}
        for key, fact in facts.items():
            image.SetMetaData(f"Segment{number}_{key}", str(fact))
    SimpleITK.WriteImage(image, str(path), useCompression=packed)
    return path


def block_of(grid: Grid, box: Box) -> Grid:
    """Return the grid of a block of voxels."""
    start = [s.start for s in box]
    affine = grid.matrix
    affine[:3, 3] = grid.to_world(start)
    return Grid.from_arrays([s.stop - s.start for s in box], affine)


@pytest.mark.parametrize("layer", [3, -1])
def test_a_missing_layer_is_refused(layer: int, grid: Grid, tmp_path: Path) -> None:
    """The header refers to a layer that the voxels do not have."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {1: BLOCK})], grid, [("FDB", 1, layer)])

    with pytest.raises(ArtefactError, match="refer to other than its 1 layers"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_damaged_segmentation_is_refused(grid: Grid, tmp_path: Path) -> None:
    """3D Slicer compresses by gzip, whose checksum is at the end."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {1: BLOCK})], grid, [("FDB", 1, 0)], packed=True)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtefactError, match=r"must be readable: .*does not fit its checksum"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize(
    "name", ["adductor hallucis transverse head", "ADHT", "Adductor_hallucis-Transverse HEAD"]
)
def test_segments_are_identified_by_name_not_by_value(
    name: str, grid: Grid, tmp_path: Path
) -> None:
    """3D Slicer assigns label values in any order."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {1: BLOCK})], grid, [(name, 1, 0)])

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, box_labels(grid, {8: BLOCK}))


@pytest.mark.parametrize("name", ["Segment_4", "label 4", "4"])
def test_a_number_that_is_both_name_and_value_is_the_label(
    name: str, grid: Grid, tmp_path: Path
) -> None:
    """As 3D Slicer names the segments of a label map that came without names."""
    path = tmp_path / "sub-01_seg-bones_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {4: BLOCK})], grid, [(name, 4, 0)])

    assert np.unique(read_correction(path, BONE_NAMES, grid).voxels).tolist() == [0, 4]


@pytest.mark.parametrize(
    ("name", "value"), [("Segment_4", 3), ("fat", 3), ("FDB 3", 3), ("Segment_13", 13)]
)
def test_an_unknown_segment_is_refused(
    name: str, value: int, grid: Grid, tmp_path: Path
) -> None:
    """Its label value alone does not make it a muscle."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {value: BLOCK})], grid, [(name, value, 0)])

    with pytest.raises(ArtefactError, match=rf"got \['{name}'\].*to these: abductor hallucis"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_file_without_segments_is_refused(grid: Grid, tmp_path: Path) -> None:
    """A plain NRRD does not define its labels."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {1: BLOCK})], grid, [])

    with pytest.raises(ArtefactError, match="got no segments"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_layers_are_merged(grid: Grid, tmp_path: Path) -> None:
    """Segments that once overlapped are stored in layers, each with values of its own."""
    other = (slice(3, 5), slice(0, 2), slice(0, 7))
    layers = [box_labels(grid, {1: BLOCK}), box_labels(grid, {1: other})]
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, layers, grid, [("FDB", 1, 0), ("ADM", 1, 1)])

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, box_labels(grid, {2: BLOCK, 3: other}))


@pytest.mark.parametrize("second", [BLOCK, (slice(2, 4), *BLOCK[1:])])
def test_a_voxel_in_two_segments_is_refused(second: Box, grid: Grid, tmp_path: Path) -> None:
    """Its muscle would depend on the order of the segments."""
    layers = [box_labels(grid, {1: BLOCK}), box_labels(grid, {1: second})]
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, layers, grid, [("FDB", 1, 0), ("ADM", 1, 1)])

    with pytest.raises(ArtefactError, match=r"in one segment: got 0 in none and (16|8) in"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_voxel_in_no_segment_is_refused(grid: Grid, tmp_path: Path) -> None:
    """A value whose segment was lost from the header has no meaning."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [box_labels(grid, {7: BLOCK})], grid, [("FDB", 1, 0)])

    with pytest.raises(ArtefactError, match="got 16 in none and 0 in several"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_block_is_pasted_where_it_was_cropped(grid: Grid, tmp_path: Path) -> None:
    """3D Slicer saves no more than what the segments cover."""
    box = (slice(1, 5), slice(2, 6), slice(0, 5))
    whole = box_labels(grid, {2: BLOCK})
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [whole[box]], block_of(grid, box), [("FDB", 2, 0)])

    np.testing.assert_array_equal(read_correction(path, MUSCLE_NAMES, grid).voxels, whole)


@pytest.mark.parametrize("by_mm", [0.1, 0.25])
def test_a_block_between_voxels_is_refused(by_mm: float, grid: Grid, tmp_path: Path) -> None:
    """Labels are never resampled."""
    affine = block_of(grid, BLOCK).matrix
    affine[0, 3] += by_mm
    shifted = Grid.from_arrays((2, 4, 2), affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [np.full((2, 4, 2), 2, np.uint8)], shifted, [("FDB", 2, 0)])

    with pytest.raises(GridMismatchError, match="must lie on the scan's own grid"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_block_of_coarser_voxels_is_refused(grid: Grid, tmp_path: Path) -> None:
    """Its first voxel may fit, its others do not."""
    affine = block_of(grid, BLOCK).matrix @ np.diag((1, 1, 1.01, 1))
    coarser = Grid.from_arrays((2, 4, 2), affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [np.full((2, 4, 2), 2, np.uint8)], coarser, [("FDB", 2, 0)])

    with pytest.raises(GridMismatchError, match=r"3\.03 mm"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_labels_outside_the_scan_are_refused(grid: Grid, tmp_path: Path) -> None:
    """They cannot be measured on it."""
    affine = grid.matrix
    affine[:3, 3] = grid.to_world((-1, 0, 0))
    wider = Grid.from_arrays((6, 6, 7), affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [np.full((6, 6, 7), 2, np.uint8)], wider, [("FDB", 2, 0)])

    with pytest.raises(GridMismatchError, match="got 42 labelled voxels outside"):
        read_correction(path, MUSCLE_NAMES, grid)
