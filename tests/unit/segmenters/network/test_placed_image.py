"""Images with their place in the world: downsampled, and resampled to a patch."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.placed_image import PlacedImage

PATCH = Patch((8, 16, 8), (2.0, 2.0, 2.0))


def test_downsampling_keeps_the_mean_and_the_place() -> None:
    """A voxel of the small image lies at the centre of those that it averages."""
    grid = Grid.from_arrays((4, 6, 3), np.diag((0.5, 0.5, 4.0, 1.0)))
    values = np.arange(72, dtype=np.float32).reshape(4, 6, 3)

    small = PlacedImage.from_scan(Scan(values, grid)).downsampled(1.0)

    assert small.values.shape == (2, 3, 3)
    assert small.values[0, 0, 0] == values[:2, :2, 0].mean()
    np.testing.assert_allclose(small.affine[:3, 3], (0.25, 0.25, 0))
    np.testing.assert_allclose(np.diag(small.affine), (1, 1, 4, 1))


def test_a_ramp_is_resampled_where_it_lies() -> None:
    """Intensity that equals a world coordinate equals it in the patch, too."""
    grid = Grid.from_arrays(
        (40, 50, 40), [[1, 0, 0, -20], [0, 1, 0, 10], [0, 0, 1, 5], [0, 0, 0, 1]]
    )
    indices = np.indices(grid.shape).reshape(3, -1).T
    values = grid.to_world(indices)[:, 1].reshape(grid.shape).astype(np.float32)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("z", 20, degrees=True).as_matrix() * 0.8
    pose[:3, 3] = grid.centre_mm

    resampled = PlacedImage(values, grid.matrix).resampled(PATCH, pose)

    to_world = pose @ PATCH.affine
    expected = to_world[1, :3] @ (3, 9, 5) + to_world[1, 3]
    assert resampled[3, 9, 5] == pytest.approx(expected, abs=1e-3)


def test_outside_the_image_it_is_zero() -> None:
    """The edge is not repeated."""
    image = PlacedImage(np.ones((4, 4, 4), np.float32), np.diag((2.0, 2.0, 2.0, 1.0)))

    resampled = image.resampled(PATCH, np.eye(4))

    assert resampled[0, 0, 0] == 0
    assert resampled.max() == 1


def test_the_interior_leaves_out_the_edge_of_the_image() -> None:
    """Of an image of 8 voxels in the patch, 6 are interior along each axis."""
    image = PlacedImage(np.ones((8, 8, 8), np.float32), Patch((8, 8, 8), (2.0,) * 3).affine)

    interior = image.interior(PATCH, np.eye(4))

    assert interior.any(axis=(1, 2)).sum() == 6
    assert interior.any(axis=(0, 2)).sum() == 6
    assert interior.sum() == 6**3


def test_the_interior_follows_a_turned_patch() -> None:
    """It is where an image of ones is interpolated to one, without the outermost voxels."""
    image = PlacedImage(np.ones((9, 7, 8), np.float32), Patch((9, 7, 8), (2.0,) * 3).affine)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", (10, 20, 30), degrees=True).as_matrix()

    interior = image.interior(PATCH, pose)

    expected = ndimage.binary_erosion(image.resampled(PATCH, pose) > 0.99)
    assert 0 < interior.sum() < interior.size / 2
    np.testing.assert_array_equal(interior, expected)
