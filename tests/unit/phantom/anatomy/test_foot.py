"""The type of a digital foot."""

from dataclasses import replace

import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels, make_segmentation

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.foot import Foot, Tissue


@pytest.fixture
def small(grid: Grid) -> Foot:
    """Make a left foot of one muscle in fat."""
    tissues = np.full(grid.shape, Tissue.FAT, dtype=np.uint8)
    tissues[BLOCK] = Tissue.MUSCLE
    return Foot(tissues, make_segmentation(make_labels(grid, {4: BLOCK}), Side.LEFT))


def test_a_foot_has_the_grid_of_its_labels(small: Foot) -> None:
    """Grid and side are those of the ground truth."""
    assert small.grid == make_grid()
    assert small.side is Side.LEFT


def test_tissues_and_labels_must_have_one_shape(small: Foot) -> None:
    """The message gives both shapes."""
    with pytest.raises(ValueError, match=r"\(22, 31, 17\) but their grid is \(23, 31, 17\)"):
        Foot(small.tissues[1:], small.truth)


def test_tissues_cannot_be_written(small: Foot) -> None:
    """The array is locked."""
    with pytest.raises(ValueError, match="read-only"):
        small.tissues[0, 0, 0] = Tissue.AIR


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_fat_fractions_must_be_fractions(small: Foot, value: float) -> None:
    """The message gives the limits."""
    fat = np.full(small.grid.shape, value, dtype=np.float32)

    with pytest.raises(ValueError, match="Fat fractions must be 0 to 1"):
        replace(small, fat_fraction=fat)


def test_fat_fractions_and_tissues_must_have_one_shape(small: Foot) -> None:
    """The message gives both shapes."""
    fat = np.zeros((5, 6, 7), dtype=np.float32)

    with pytest.raises(ValueError, match=r"on \(23, 31, 17\), got \(5, 6, 7\)"):
        replace(small, fat_fraction=fat)


def test_fat_fractions_are_locked_and_kept_by_moving(small: Foot) -> None:
    """A moved foot has the same fat fraction in each voxel."""
    fat = np.zeros(small.grid.shape, dtype=np.float32)
    fat[BLOCK] = 0.25

    moved = replace(small, fat_fraction=fat).moved(np.diag((1, 1, 1, 1)))
    assert moved.fat_fraction is not None
    np.testing.assert_array_equal(moved.fat_fraction, fat)
    with pytest.raises(ValueError, match="read-only"):
        moved.fat_fraction[0, 0, 0] = 1


def test_moving_changes_the_affine_and_no_voxel(small: Foot) -> None:
    """Every voxel is where the transform maps it; the original foot is unchanged."""
    transform = np.array([[0, -1, 0, 5], [1, 0, 0, -7], [0, 0, 1, 2], [0, 0, 0, 1.0]])

    moved = small.moved(transform)
    right, anterior, superior = small.grid.to_world((3, 7, 11))
    np.testing.assert_allclose(
        moved.grid.to_world((3, 7, 11)), (5 - anterior, right - 7, superior + 2)
    )
    np.testing.assert_array_equal(moved.tissues, small.tissues)
    np.testing.assert_array_equal(moved.truth.muscles.voxels, small.truth.muscles.voxels)
    assert moved.truth.bones.grid == moved.grid
    assert small.grid == make_grid()
