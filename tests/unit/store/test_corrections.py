"""Labels corrected by hand: found by name, brought onto the scan's grid, or refused."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.errors import ArtefactError, ConfigError, GridMismatchError
from pipeline.store.corrections import check_owners, find_corrections, read_correction
from pipeline.store.images import write_labels
from pipeline.store.names import ScanName

WATER = ScanName("01", (("acq", "water"),))
BLOCK = (slice(1, 3), slice(2, 6), slice(3, 5))
Segments = Sequence[tuple[str, int, int]]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], Path]:
    """Give what lays an empty file into the corrections of an output folder."""

    def lay(name: str) -> Path:
        path = tmp_path / "corrections" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        return path

    return lay


def drawn(grid: Grid, values: Mapping[int, tuple[slice, slice, slice]]) -> NDArray[np.uint8]:
    """Draw boxes of labels."""
    voxels = np.zeros(grid.shape, dtype=np.uint8)
    for value, box in values.items():
        voxels[box] = value
    return voxels


def write_segments(
    path: Path,
    layers: Sequence[NDArray[np.uint8]],
    grid: Grid,
    segments: Segments,
    *,
    packed: bool = False,
) -> Path:
    """Write what 3D Slicer does: one component per layer, and each segment's facts."""
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


def block_of(grid: Grid, box: tuple[slice, slice, slice]) -> Grid:
    """Give the lattice of a block of voxels."""
    start = [s.start for s in box]
    affine = grid.matrix
    affine[:3, 3] = grid.to_world(start)
    return Grid.from_arrays([s.stop - s.start for s in box], affine)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".seg.nrrd"])
@pytest.mark.parametrize("stem", ["sub-01", "sub-01_acq-water"])
def test_a_correction_is_found_by_the_name_of_its_map(
    stem: str, ending: str, put: Callable[[str], Path], tmp_path: Path
) -> None:
    """With the scan's entities or without; other participants' and other files are left."""
    muscles = put(f"{stem}_seg-muscles_dseg{ending}")
    bones = put(f"{stem}_seg-bones_dseg{ending}")
    for other in ("sub-012_seg-muscles_dseg.nii.gz", "notes.txt", ".sub-01_hidden.nii.gz"):
        put(other)

    assert find_corrections(tmp_path, WATER) == {"muscles": muscles, "bones": bones}


def test_no_folder_is_no_correction(tmp_path: Path) -> None:
    """Nothing has to be made for those who correct nothing."""
    assert find_corrections(tmp_path, WATER) == {}
    check_owners(tmp_path, ["01"])


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_seg-muscle_dseg.nii.gz",
        "sub-01_acq-fat_seg-muscles_dseg.nii.gz",
        "sub-01_seg-muscles_dseg.mha",
        "sub-01.nii.gz",
    ],
)
def test_a_misnamed_correction_is_refused(
    name: str, put: Callable[[str], Path], tmp_path: Path
) -> None:
    """It would pass unused, and its maker would take the numbers for corrected ones."""
    put(name)

    with pytest.raises(ArtefactError, match=rf"named as its label map.* got '{name}'\. Rename"):
        find_corrections(tmp_path, WATER)


def test_two_corrections_of_one_map_are_refused(
    put: Callable[[str], Path], tmp_path: Path
) -> None:
    """Which of them holds is not for footvol to guess."""
    put("sub-01_seg-bones_dseg.nii")
    put("sub-01_acq-water_seg-bones_dseg.nii.gz")

    with pytest.raises(ArtefactError, match=r"must have one correction: got .* and .* Keep"):
        find_corrections(tmp_path, WATER)


def test_a_correction_of_nobody_is_refused(put: Callable[[str], Path], tmp_path: Path) -> None:
    """All such files are named."""
    put("sub-1_seg-muscles_dseg.nii.gz")
    put("sub-02_seg-muscles_dseg.nii.gz")

    with pytest.raises(ConfigError, match=r"participant's name: got \['sub-1_seg.*gz'\]\."):
        check_owners(tmp_path, ["01", "02"])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_nifti_is_read_in_any_storage_order_and_type(
    dtype: type, grid: Grid, tmp_path: Path
) -> None:
    """ITK-SNAP may save 16-bit labels; flipped axes put every voxel in the same place."""
    voxels = drawn(grid, {3: BLOCK})
    affine = grid.matrix @ np.diag((-1, 1, -1, 1))
    affine[:3, 3] = grid.to_world((4, 0, 6))
    flipped = nib.Nifti1Image(voxels.astype(dtype)[::-1, :, ::-1], affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(flipped, path)

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, voxels)
    assert labels.grid == grid


@pytest.mark.parametrize(("axis", "by_mm"), [(0, 0.2), (1, -0.2), (2, 3.0)])
def test_another_grid_is_refused(axis: int, by_mm: float, grid: Grid, tmp_path: Path) -> None:
    """Even one that is off by a whole voxel, since nothing tells which is right."""
    affine = grid.matrix
    affine[axis, 3] += by_mm
    elsewhere = Grid.from_arrays(grid.shape, affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(LabelMap(drawn(grid, {3: BLOCK}), elsewhere, MUSCLE_NAMES), path, like=None)

    with pytest.raises(GridMismatchError, match=r"must lie on the scan's own grid.*Edit the"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_rounded_affine_is_the_same_grid(grid: Grid, tmp_path: Path) -> None:
    """What a label editor rounds moves no label to another voxel."""
    voxels = drawn(grid, {3: BLOCK})
    affine = grid.matrix
    affine[:3, 3] += (0.013, -0.02, 0.023)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(voxels, affine), path)

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, voxels)
    assert labels.grid == grid


def test_the_digits_in_which_grids_differ_are_told(tmp_path: Path) -> None:
    """Two equal grids would tell nobody what is wrong."""
    grid, other = (
        Grid.from_arrays((300, 6, 7), np.diag((size_mm, 0.5, 3, 1)))
        for size_mm in (0.35, 0.3503)
    )
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(LabelMap(drawn(other, {3: BLOCK}), other, MUSCLE_NAMES), path, like=None)

    words = r"voxels of 0\.3500 x .*: got .* of 0\.3503 x .* up to 0\.09 mm beside the scan's"
    with pytest.raises(GridMismatchError, match=words):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_turned_grid_is_refused(grid: Grid, tmp_path: Path) -> None:
    """Spacing and first voxel may be the same; how far the others lie off tells."""
    affine = grid.matrix
    affine[:3, :3] = Rotation.from_euler("z", 1, degrees=True).as_matrix() @ affine[:3, :3]
    turned = Grid.from_arrays(grid.shape, affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(LabelMap(drawn(grid, {3: BLOCK}), turned, MUSCLE_NAMES), path, like=None)

    with pytest.raises(GridMismatchError, match=r"voxels up to 0\.\d+ mm beside the scan's"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize(("layer", "said"), [(3, "with 1 layers"), (-1, "with 1 layers")])
def test_a_layer_that_is_not_there_is_refused(
    layer: int, said: str, grid: Grid, tmp_path: Path
) -> None:
    """The header names what the voxels do not hold."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {1: BLOCK})], grid, [("FDB", 1, layer)])

    with pytest.raises(ArtefactError, match=f"{said}, which its segments do not fit"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_damaged_segmentation_is_refused(grid: Grid, tmp_path: Path) -> None:
    """3D Slicer packs by gzip; its checksum stands at the end."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {1: BLOCK})], grid, [("FDB", 1, 0)], packed=True)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtefactError, match=r"must be readable: .*does not fit its checksum"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_an_unknown_label_is_refused(grid: Grid, tmp_path: Path) -> None:
    """The label is named, and nothing is measured under a wrong one."""
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(drawn(grid, {13: BLOCK}), grid.matrix), path)

    with pytest.raises(ArtefactError, match=r"0 to 12 only: got \[13.*\]\. Correct the file"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_an_empty_map_is_refused(grid: Grid, tmp_path: Path) -> None:
    """Twelve absent muscles are a slip, not a finding."""
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(drawn(grid, {}), grid.matrix), path)

    with pytest.raises(ArtefactError, match="must hold labels: got none"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize("ending", ["nii.gz", "seg.nrrd"])
def test_a_damaged_file_is_refused(ending: str, grid: Grid, tmp_path: Path) -> None:
    """One sentence for each format."""
    path = tmp_path / f"sub-01_seg-muscles_dseg.{ending}"
    path.write_bytes(b"none")

    with pytest.raises(ArtefactError, match="must be readable"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize(
    "name", ["adductor hallucis transverse head", "ADHT", "Adductor_hallucis-Transverse HEAD"]
)
def test_segments_are_told_by_name_not_by_value(name: str, grid: Grid, tmp_path: Path) -> None:
    """3D Slicer numbers its segments as it likes."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {1: BLOCK})], grid, [(name, 1, 0)])

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, drawn(grid, {8: BLOCK}))


@pytest.mark.parametrize("name", ["Segment_4", "label 4", "4"])
def test_a_number_that_name_and_value_share_is_taken(
    name: str, grid: Grid, tmp_path: Path
) -> None:
    """As 3D Slicer names the segments of a label map that came without names."""
    path = tmp_path / "sub-01_seg-bones_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {4: BLOCK})], grid, [(name, 4, 0)])

    assert np.unique(read_correction(path, BONE_NAMES, grid).voxels).tolist() == [0, 4]


@pytest.mark.parametrize(
    ("name", "value"), [("Segment_4", 3), ("fat", 3), ("FDB 3", 3), ("Segment_13", 13)]
)
def test_an_unknown_segment_is_refused(
    name: str, value: int, grid: Grid, tmp_path: Path
) -> None:
    """Its label value alone does not make it a muscle."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {value: BLOCK})], grid, [(name, value, 0)])

    with pytest.raises(ArtefactError, match=rf"got \['{name}'\].*some of: abductor hallucis"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_file_without_segments_is_refused(grid: Grid, tmp_path: Path) -> None:
    """A plain NRRD does not say what its numbers mean."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {1: BLOCK})], grid, [])

    with pytest.raises(ArtefactError, match="got no segments"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_layers_are_laid_together(grid: Grid, tmp_path: Path) -> None:
    """Segments that once overlapped are stored in layers, each with values of its own."""
    other = (slice(3, 5), slice(0, 2), slice(0, 7))
    layers = [drawn(grid, {1: BLOCK}), drawn(grid, {1: other})]
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, layers, grid, [("FDB", 1, 0), ("ADM", 1, 1)])

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, drawn(grid, {2: BLOCK, 3: other}))


@pytest.mark.parametrize("second", [BLOCK, (slice(2, 4), *BLOCK[1:])])
def test_a_voxel_in_two_segments_is_refused(
    second: tuple[slice, slice, slice], grid: Grid, tmp_path: Path
) -> None:
    """It would count in one muscle by the chance of their order."""
    layers = [drawn(grid, {1: BLOCK}), drawn(grid, {1: second})]
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, layers, grid, [("FDB", 1, 0), ("ADM", 1, 1)])

    with pytest.raises(ArtefactError, match=r"in one segment: got 0 in none and (16|8) in"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_voxel_in_no_segment_is_refused(grid: Grid, tmp_path: Path) -> None:
    """A value whose segment was lost from the header has no meaning."""
    path = tmp_path / "sub-01_seg-muscles_dseg.seg.nrrd"
    write_segments(path, [drawn(grid, {7: BLOCK})], grid, [("FDB", 1, 0)])

    with pytest.raises(ArtefactError, match="got 16 in none and 0 in several"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_block_lies_where_it_was_cut_out(grid: Grid, tmp_path: Path) -> None:
    """3D Slicer saves no more than what the segments cover."""
    box = (slice(1, 5), slice(2, 6), slice(0, 5))
    whole = drawn(grid, {2: BLOCK})
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
