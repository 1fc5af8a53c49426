"""Manually corrected labels: read onto the scan's grid or refused."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from label_boxes import BLOCK, box_labels
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.errors import ArtefactError, GridMismatchError
from pipeline.store.corrections import read_correction
from pipeline.store.images import write_labels


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_nifti_is_read_in_any_storage_order_and_type(
    dtype: type, grid: Grid, tmp_path: Path
) -> None:
    """ITK-SNAP may save 16-bit labels; flipped axes put every voxel in the same place."""
    voxels = box_labels(grid, {3: BLOCK})
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
    """Even one that is off by a whole voxel, since either may be right."""
    affine = grid.matrix
    affine[axis, 3] += by_mm
    elsewhere = Grid.from_arrays(grid.shape, affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(
        LabelMap(box_labels(grid, {3: BLOCK}), elsewhere, MUSCLE_NAMES), path, like=None
    )

    with pytest.raises(GridMismatchError, match=r"must lie on the scan's own grid.*Edit the"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_rounded_affine_is_the_same_grid(grid: Grid, tmp_path: Path) -> None:
    """The rounding of a label editor moves no label to another voxel."""
    voxels = box_labels(grid, {3: BLOCK})
    affine = grid.matrix
    affine[:3, 3] += (0.013, -0.02, 0.023)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(voxels, affine), path)

    labels = read_correction(path, MUSCLE_NAMES, grid)

    np.testing.assert_array_equal(labels.voxels, voxels)
    assert labels.grid == grid


def test_enough_digits_are_printed_to_show_how_grids_differ(tmp_path: Path) -> None:
    """Two grids that print equal would not explain the refusal."""
    grid, other = (
        Grid.from_arrays((300, 6, 7), np.diag((size_mm, 0.5, 3, 1)))
        for size_mm in (0.35, 0.3503)
    )
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(LabelMap(box_labels(other, {3: BLOCK}), other, MUSCLE_NAMES), path, like=None)

    words = r"voxels of 0\.3500 x .*: got .* of 0\.3503 x .* up to 0\.09 mm off the scan's"
    with pytest.raises(GridMismatchError, match=words):
        read_correction(path, MUSCLE_NAMES, grid)


def test_a_rotated_grid_is_refused(grid: Grid, tmp_path: Path) -> None:
    """Spacing and first voxel may be equal; the distance of the others shows the difference."""
    affine = grid.matrix
    affine[:3, :3] = Rotation.from_euler("z", 1, degrees=True).as_matrix() @ affine[:3, :3]
    turned = Grid.from_arrays(grid.shape, affine)
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(LabelMap(box_labels(grid, {3: BLOCK}), turned, MUSCLE_NAMES), path, like=None)

    with pytest.raises(GridMismatchError, match=r"voxels up to 0\.\d+ mm off the scan's"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_an_unknown_label_is_refused(grid: Grid, tmp_path: Path) -> None:
    """The message names the label."""
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(box_labels(grid, {13: BLOCK}), grid.matrix), path)

    with pytest.raises(ArtefactError, match=r"0 to 12 only: got \[13.*\]\. Correct the file"):
        read_correction(path, MUSCLE_NAMES, grid)


def test_an_empty_map_is_refused(grid: Grid, tmp_path: Path) -> None:
    """Twelve absent muscles are a mistake, not a result."""
    path = tmp_path / "sub-01_seg-muscles_dseg.nii.gz"
    nib.save(nib.Nifti1Image(box_labels(grid, {}), grid.matrix), path)

    with pytest.raises(ArtefactError, match="must contain labels: got none"):
        read_correction(path, MUSCLE_NAMES, grid)


@pytest.mark.parametrize("ending", ["nii.gz", "seg.nrrd"])
def test_a_damaged_file_is_refused(ending: str, grid: Grid, tmp_path: Path) -> None:
    """In each format."""
    path = tmp_path / f"sub-01_seg-muscles_dseg.{ending}"
    path.write_bytes(b"none")

    with pytest.raises(ArtefactError, match="must be readable"):
        read_correction(path, MUSCLE_NAMES, grid)
