"""Images on an isotropic lattice along their own axes."""

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.isotropic_image import Array, IsotropicImage

SHAPE = (24, 31, 9)
SPACING_MM = (1.0, 0.7, 4.0)


def positions_mm() -> Array:
    """Give the position of every voxel from the centre, coordinates on the last axis."""
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


def test_the_lattice_covers_the_image_about_its_centre() -> None:
    """24 x 21.7 x 36 mm take 12 x 11 x 18 voxels of 2 mm."""
    volume = ramp(0)

    assert volume.values.shape == (12, 11, 18)
    np.testing.assert_allclose(volume.origin_mm, (-11, -10, -17))


def test_a_constant_stays_constant_to_the_edges() -> None:
    """Blocks that reach beyond the image are no darker."""
    volume = IsotropicImage.from_image(np.full(SHAPE, 0.7, dtype=np.float32), SPACING_MM, 3.0)

    np.testing.assert_allclose(volume.values, 0.7, rtol=1e-6)


def test_positions_are_those_of_the_mask() -> None:
    """One voxel, one position."""
    volume = ramp(0)
    mask = np.zeros(volume.values.shape, dtype=bool)
    mask[3, 4, 5] = True

    np.testing.assert_allclose(volume.positions_mm(mask), [(-5, -2, -7)])


@pytest.mark.parametrize("axis", range(3))
def test_back_on_the_grid_every_voxel_has_its_own_position(axis: int) -> None:
    """The lattice can be sampled at the voxels of the image."""
    affine = np.diag((*SPACING_MM, 1.0))
    affine[:3, 3] = (50, -20, 7)

    on_grid = ramp(axis).on_grid(Grid.from_arrays(SHAPE, affine))

    inner = (slice(4, -4), slice(6, -6), slice(2, -2))
    np.testing.assert_allclose(on_grid[inner], positions_mm()[inner][..., axis], atol=1e-3)
