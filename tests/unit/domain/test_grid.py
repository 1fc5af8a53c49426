"""Grids: known answers on a rotated, flipped, anisotropic one."""

import dataclasses

import numpy as np
import pytest
from makers import SHAPE, SPACING_MM, make_grid
from scipy.spatial.transform import Rotation

from pipeline.domain.grid import Grid

SHEARED = ((0.5, 0.2, 0.0, 4.0), (0.0, -0.7, 0.3, 5.0), (0.0, 0.0, 3.0, 6.0), (0, 0, 0, 1))


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5, 6), (3, 0, 5), (3, 4, -5)])
def test_three_positive_sizes_are_needed(shape: tuple[int, ...]) -> None:
    """The message gives the sizes."""
    with pytest.raises(ValueError, match=r"three positive sizes, got \(3, "):
        Grid.from_arrays(shape, np.eye(4))


@pytest.mark.parametrize("affine", [np.eye(3), np.ones((4, 3)), np.ones(4)])
def test_a_four_by_four_affine_is_needed(affine: object) -> None:
    """Other shapes are refused."""
    with pytest.raises(ValueError, match=r"finite 4 x 4 affine, got \["):
        Grid.from_arrays(SHAPE, np.asarray(affine))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_finite_affine_is_needed(bad: float) -> None:
    """One NaN or infinite number is refused."""
    affine = np.eye(4)
    affine[1, 3] = bad

    with pytest.raises(ValueError, match=r"finite 4 x 4 affine, got .*(nan|inf)"):
        Grid.from_arrays(SHAPE, affine)


@pytest.mark.parametrize("axis", range(3))
def test_an_invertible_affine_is_needed(axis: int) -> None:
    """An axis of zero length is refused."""
    affine = np.eye(4)
    affine[axis, axis] = 0

    with pytest.raises(ValueError, match=r"invertible affine, got \["):
        Grid.from_arrays(SHAPE, affine)


def test_grids_are_compared_by_value(grid: Grid) -> None:
    """Equal grids have equal hashes."""
    again = Grid.from_arrays(np.array(SHAPE).tolist(), grid.matrix)

    assert again == grid
    assert hash(again) == hash(grid)


def test_the_matrix_is_a_copy(grid: Grid) -> None:
    """Writing to it does not change the grid."""
    grid.matrix[0, 0] = 99

    assert grid == make_grid()


def test_fine_axes_have_less_than_twice_the_finest_spacing() -> None:
    """An axis of exactly twice the spacing is not fine."""
    spacings_mm = ((0.5, 0.7, 4.0), (0.5, 0.99, 1.0), (0.8, 0.8, 0.8))

    fine = [Grid.from_arrays((2, 3, 4), np.diag([*s, 1.0])).fine_axes for s in spacings_mm]

    assert fine == [(True, True, False), (True, True, False), (True, True, True)]


@pytest.mark.parametrize("turns_deg", [(0, 0, 0), (20, 0, 0), (20, -35, 140)])
def test_rotation_and_flip_do_not_change_volume_or_spacing(
    turns_deg: tuple[float, float, float],
) -> None:
    """The volume of a voxel of 0.5 x 0.7 x 3 mm is 1.05 mm3."""
    grid = make_grid(turns_deg=turns_deg)

    assert grid.voxel_volume_mm3 == pytest.approx(1.05)
    assert grid.spacing_mm == pytest.approx(SPACING_MM)


def test_the_volume_of_a_sheared_voxel_is_the_determinant() -> None:
    """The product of the spacings is larger."""
    grid = Grid.from_arrays(SHAPE, SHEARED)

    assert grid.voxel_volume_mm3 == pytest.approx(0.5 * 0.7 * 3.0)
    assert grid.spacing_mm == pytest.approx((0.5, np.sqrt(0.53), np.sqrt(9.09)))


def test_indices_are_converted_to_world_positions_by_the_affine() -> None:
    """Expected values by arithmetic on a sheared grid."""
    grid = Grid.from_arrays(SHAPE, SHEARED)

    world = grid.to_world(np.array([(0, 0, 0), (2, 0, 0), (1, 10, 2)]))
    np.testing.assert_allclose(world, [(4, 5, 6), (5, 5, 6), (6.5, -1.4, 12)])


def test_world_positions_are_converted_back_to_indices(
    grid: Grid, rng: np.random.Generator
) -> None:
    """Fractional indices and leading axes are kept."""
    indices = rng.uniform(-3, 40, (4, 5, 3))

    np.testing.assert_allclose(grid.to_index(grid.to_world(indices)), indices)


def test_the_centre_lies_halfway_between_first_and_last_voxel(grid: Grid) -> None:
    """Indices are of voxel centres."""
    first, last = grid.to_world([(0, 0, 0), (22, 30, 16)])

    np.testing.assert_allclose(grid.centre_mm, (first + last) / 2)


def test_a_centred_grid_keeps_its_directions(grid: Grid) -> None:
    """Only the position changes: the centre is at the origin."""
    centred = grid.centred()

    np.testing.assert_allclose(centred.centre_mm, 0, atol=1e-12)
    np.testing.assert_array_equal(centred.matrix[:3, :3], grid.matrix[:3, :3])
    assert centred.shape == grid.shape


@pytest.mark.parametrize("axis", range(3))
def test_a_flip_does_not_move_a_centred_grid(grid: Grid, axis: int) -> None:
    """The flipped lattice has the same voxel positions."""
    flipped = grid.matrix
    flipped[:3, 3] += flipped[:3, axis] * (grid.shape[axis] - 1)
    flipped[:3, axis] *= -1
    index = np.array((3, 7, 11))
    mirrored = index.copy()
    mirrored[axis] = grid.shape[axis] - 1 - index[axis]

    np.testing.assert_allclose(
        Grid.from_arrays(grid.shape, flipped).centred().to_world(mirrored),
        grid.centred().to_world(index),
        atol=1e-12,
    )


def test_a_cropped_grid_keeps_the_positions_of_its_voxels(grid: Grid) -> None:
    """Index 0 is the start of the box."""
    cropped = grid.cropped((slice(3, 9), slice(0, 31), slice(2, 13)))

    assert cropped.shape == (6, 31, 11)
    np.testing.assert_allclose(cropped.to_world((1, 2, 3)), grid.to_world((4, 2, 5)))


def test_corners_are_the_outer_ones(grid: Grid) -> None:
    """They lie half a voxel outside the centres of the corner voxels."""
    indices = grid.to_index(grid.corners_mm())

    np.testing.assert_allclose(indices.min(axis=0), (-0.5, -0.5, -0.5))
    np.testing.assert_allclose(indices.max(axis=0), (22.5, 30.5, 16.5))
    assert len(np.unique(indices.round(6), axis=0)) == 8


def test_a_grid_around_points_contains_them_and_the_margin() -> None:
    """It has the axes of the world, and no more planes than needed."""
    points = np.array([(-3.0, 10.0, 2.0), (4.1, 12.2, 40.7), (0.0, 11.0, 3.0)])

    grid = Grid.around(points, 0.8, margin_mm=5)
    reach = grid.to_world(np.array([(0, 0, 0), grid.shape]) - [[0], [1]])
    assert grid.spacing_mm == pytest.approx((0.8, 0.8, 0.8))
    np.testing.assert_allclose(reach[0], points.min(axis=0) - 5)
    spare_mm = reach[1] - points.max(axis=0) - 5
    assert 0 <= spare_mm.min() <= spare_mm.max() < 0.8


def test_a_grid_around_points_has_no_margin_by_default() -> None:
    """The first voxel is at the first point."""
    grid = Grid.around([(1.0, 2.0, 3.0), (5.0, 9.0, 4.0)], 0.5)

    assert grid.shape == (9, 15, 3)
    np.testing.assert_allclose(grid.to_world((0, 0, 0)), (1, 2, 3))


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(4))
def test_every_affine_entry_matters(grid: Grid, row: int, column: int) -> None:
    """Changing any one number of the affine makes grids differ."""
    nudged = grid.matrix
    nudged[row, column] += 0.06

    assert not grid.matches(Grid.from_arrays(grid.shape, nudged))


@pytest.mark.parametrize("axis", range(3))
def test_every_size_matters(grid: Grid, axis: int) -> None:
    """Changing any one size makes grids differ."""
    sizes = list(grid.shape)
    sizes[axis] += 1

    assert not grid.matches(dataclasses.replace(grid, shape=(sizes[0], sizes[1], sizes[2])))


def test_the_last_row_of_an_affine_must_be_0_0_0_1() -> None:
    """A projective matrix has no spacing."""
    matrix = np.diag((0.5, 0.6, 4.0, 1.0))
    matrix[3, 1] = 0.1

    with pytest.raises(ValueError, match=r"ends in 0 0 0 1, got \["):
        Grid.from_arrays((3, 4, 5), matrix)


@pytest.mark.parametrize(("shift_mm", "matches"), [(0.049, True), (0.051, False)])
def test_rounding_in_files_is_tolerated(grid: Grid, shift_mm: float, matches: bool) -> None:
    """The limit at the corners is a tenth of the finest spacing, here 0.5 mm."""
    shifted = grid.matrix
    shifted[2, 3] += shift_mm

    assert grid.matches(Grid.from_arrays(grid.shape, shifted)) is matches


def test_a_given_tolerance_is_used(grid: Grid) -> None:
    """It replaces the tolerance for rounding."""
    shifted = grid.matrix
    shifted[2, 3] += 0.011

    assert not grid.matches(Grid.from_arrays(grid.shape, shifted), tolerance_mm=0.01)


def test_direction_cosines_of_four_decimals_give_the_same_grid() -> None:
    """The far corner of a foot is some hundredths of a millimetre off."""
    directions = Rotation.from_euler("xyz", (12.3, -7.7, 31.1), degrees=True).as_matrix()
    exact, rounded = np.eye(4), np.eye(4)
    exact[:3, :3] = directions * (0.35, 0.35, 3.0)
    rounded[:3, :3] = directions.round(4) * (0.35, 0.35, 3.0)
    shape = (512, 512, 60)

    grids = [Grid.from_arrays(shape, matrix) for matrix in (exact, rounded)]
    assert grids[0].max_offset_mm(grids[1]) > 0.01
    assert grids[0].matches(grids[1])


def test_the_offset_is_that_of_the_worst_corner(grid: Grid) -> None:
    """A spacing error of 0.1 mm adds up over 17 slices."""
    stretched = grid.matrix
    stretched[:3, 2] *= 3.1 / 3.0

    offset_mm = grid.max_offset_mm(Grid.from_arrays(grid.shape, stretched))
    assert offset_mm == pytest.approx(17 * 0.1)
