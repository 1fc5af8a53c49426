"""Images in millimetres along their own axes."""

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.isotropic_image import Array, IsotropicImage, axis_directions

SHAPE = (24, 31, 9)
SPACING_MM = (1.0, 0.7, 4.0)


def positions_mm() -> Array:
    """Give the position of every voxel about the middle, last axis the three coordinates."""
    indices = np.moveaxis(np.indices(SHAPE), 0, -1)
    return (indices - (np.array(SHAPE) - 1) / 2) * SPACING_MM


def ramp(axis: int) -> IsotropicImage:
    """Make an image that holds its own coordinate along one axis, at 2 mm."""
    return IsotropicImage.from_image(
        positions_mm()[..., axis].astype(np.float32), SPACING_MM, 2.0
    )


@pytest.mark.parametrize("axis", range(3))
def test_averaging_leaves_every_point_where_it_was(axis: int) -> None:
    """A ramp stays the same ramp, whether voxels were merged or split."""
    volume = ramp(axis)

    own = np.moveaxis(np.indices(volume.values.shape), 0, -1) * 2.0 + volume.origin_mm
    inner = (slice(2, -2),) * 3
    np.testing.assert_allclose(volume.values[inner], own[inner][..., axis], atol=1e-3)


def test_the_lattice_covers_the_image_about_its_middle() -> None:
    """24 x 21.7 x 36 mm take 12 x 11 x 18 voxels of 2 mm."""
    volume = ramp(0)

    assert volume.values.shape == (12, 11, 18)
    np.testing.assert_allclose(volume.origin_mm, (-11, -10, -17))


def test_a_constant_stays_constant_to_the_edges() -> None:
    """Blocks that stick out are no darker."""
    volume = IsotropicImage.from_image(np.full(SHAPE, 0.7, dtype=np.float32), SPACING_MM, 3.0)

    np.testing.assert_allclose(volume.values, 0.7, rtol=1e-6)


def test_samples_are_interpolated_and_told_from_outside() -> None:
    """The edge of the outermost voxel still is inside."""
    points = np.array([(0.3, 1.4, -5.1), (11.9, 0, 0), (12.1, 0, 0), (0, 0, -18.5)])

    values, inside = ramp(1).sample(points)

    assert values[0] == pytest.approx(1.4, abs=1e-3)
    assert inside.tolist() == [True, True, False, False]


def test_positions_are_those_of_the_mask() -> None:
    """One voxel, one position."""
    volume = ramp(0)
    mask = np.zeros(volume.values.shape, dtype=bool)
    mask[3, 4, 5] = True

    np.testing.assert_allclose(volume.positions_mm(mask), [(-5, -2, -7)])


@pytest.mark.parametrize("axis", range(3))
def test_back_on_the_grid_every_voxel_has_its_own_position(axis: int) -> None:
    """What was averaged down can be read at the voxels of the image."""
    affine = np.diag((*SPACING_MM, 1.0))
    affine[:3, 3] = (50, -20, 7)

    on_grid = ramp(axis).on_grid(Grid.from_arrays(SHAPE, affine))

    inner = (slice(4, -4), slice(6, -6), slice(2, -2))
    np.testing.assert_allclose(on_grid[inner], positions_mm()[inner][..., axis], atol=1e-3)


def test_smoothing_keeps_lattice_and_mean() -> None:
    """Only the values change, by the same sigma in mm along each axis."""
    values = np.zeros((15, 17, 19), dtype=np.float32)
    values[7, 8, 9] = 1

    blurred = IsotropicImage(values, 2.0, np.array((1.0, 2, 3))).smoothed(3.0)

    assert blurred.values.sum() == pytest.approx(1, abs=1e-3)
    assert blurred.values[9, 8, 9] == pytest.approx(blurred.values[7, 8, 11])
    assert (blurred.spacing_mm, blurred.origin_mm.tolist()) == (2.0, [1, 2, 3])


def test_directions_are_unit_columns() -> None:
    """Flips and tilts stay, spacing goes."""
    affine = np.array([[0, -0.7, 0, 9], [-1, 0, 0, 8], [0, 0, 4, 7], [0, 0, 0, 1.0]])

    directions = axis_directions(Grid.from_arrays(SHAPE, affine))

    np.testing.assert_allclose(directions, [[0, -1, 0], [-1, 0, 0], [0, 0, 1]])
