"""What a network is shown, and how its patch is laid along a foot."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.patch import Patch, averaged, scaled, seen
from pipeline.segmenters.network.pose_fit import fit_pose

SMALL = Patch((8, 16, 8), (2.0, 2.0, 2.0), (2, 1, 2))
BONES = {k: np.array(p) for k, p in enumerate(np.random.default_rng(3).normal(0, 40, (6, 3)))}


def test_a_windows_middle_is_its_origin() -> None:
    """The mean of all voxel positions is 0."""
    corners = np.array([[0, 0, 0, 1], [7, 15, 7, 1]]) @ SMALL.centring.T

    np.testing.assert_allclose(corners.mean(axis=0)[:3], 0)
    np.testing.assert_allclose(corners[1, :3] - corners[0, :3], (14, 30, 14))


def test_what_is_shown_fills_the_same_box() -> None:
    """In finer voxels."""
    shown = SMALL.input

    assert (shown.shape, shown.spacing_mm) == ((16, 16, 16), (1.0, 2.0, 1.0))
    assert SMALL.finest_mm == 1.0
    sides_mm = [np.multiply(patch.shape, patch.spacing_mm) for patch in (SMALL, shown)]
    np.testing.assert_allclose(sides_mm[0], sides_mm[1])


def test_averaging_keeps_the_mean_and_the_place() -> None:
    """A voxel of the small image lies in the middle of those that it is the mean of."""
    grid = Grid.from_arrays((4, 6, 3), np.diag((0.5, 0.5, 4.0, 1.0)))
    values = np.arange(72, dtype=np.float32).reshape(4, 6, 3)

    small, affine = averaged(values, grid, 1.0)

    assert small.shape == (2, 3, 3)
    assert small[0, 0, 0] == values[:2, :2, 0].mean()
    np.testing.assert_allclose(affine[:3, 3], (0.25, 0.25, 0))
    np.testing.assert_allclose(np.diag(affine), (1, 1, 4, 1))


def test_a_ramp_is_seen_where_it_lies() -> None:
    """Brightness that tells the position in the world tells it in the patch, too."""
    grid = Grid.from_arrays(
        (40, 50, 40), [[1, 0, 0, -20], [0, 1, 0, 10], [0, 0, 1, 5], [0, 0, 0, 1]]
    )
    indices = np.indices(grid.shape).reshape(3, -1).T
    values = grid.to_world(indices)[:, 1].reshape(grid.shape).astype(np.float32)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("z", 20, degrees=True).as_matrix() * 0.8
    pose[:3, 3] = grid.centre_mm

    shown = seen(values, grid.matrix, SMALL, pose)

    to_world = pose @ SMALL.centring
    expected = to_world[1, :3] @ (3, 9, 5) + to_world[1, 3]
    assert shown[3, 9, 5] == pytest.approx(expected, abs=1e-3)


def test_outside_the_image_there_is_nothing() -> None:
    """The edge is not drawn out."""
    grid = Grid.from_arrays((4, 4, 4), np.diag((2.0, 2.0, 2.0, 1.0)))

    shown = seen(np.ones(grid.shape, np.float32), grid.matrix, SMALL, np.eye(4))

    assert shown[0, 0, 0] == 0
    assert shown.max() == 1


@pytest.mark.parametrize("gain", [1e-3, 1.0, 250.0])
def test_brightness_has_one_scale(gain: float) -> None:
    """Whatever the scanner's units, the bright tissue is 1 and nothing exceeds the limit."""
    values = np.zeros((10, 10, 10), np.float32)
    values[2:8, 2:8, 2:8] = 1.0
    values[5, 5, 5] = 50.0

    shown = scaled(values * np.float32(gain))

    assert shown[3, 3, 3] == pytest.approx(1.0)
    assert shown.max() == 4.0


def test_an_empty_window_stays_empty() -> None:
    """There is no tissue to scale by."""
    assert not scaled(np.zeros((4, 4, 4), np.float32)).any()


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_frame_is_found_again(is_mirrored: bool) -> None:
    """Scale, turn, mirroring and place, with nothing left over."""
    pose = np.eye(4)
    turn = Rotation.from_euler("xyz", (20, -50, 130), degrees=True).as_matrix()
    pose[:3, :3] = 1.2 * turn @ np.diag((-1.0 if is_mirrored else 1.0, 1, 1))
    pose[:3, 3] = 5, -70, 12
    found = {k: pose[:3, :3] @ p + pose[:3, 3] for k, p in BONES.items()}

    fitted, residual_mm = fit_pose(found, BONES)

    np.testing.assert_allclose(fitted, pose, atol=1e-9)
    assert residual_mm == pytest.approx(0, abs=1e-9)


def test_bones_that_are_missing_do_not_matter() -> None:
    """Those in common are compared."""
    few = {k: p + 3 for k, p in BONES.items() if k != 2}

    fitted, residual_mm = fit_pose({**few, 99: np.zeros(3)}, BONES)

    np.testing.assert_allclose(fitted[:3, 3], 3, atol=1e-9)
    assert residual_mm == pytest.approx(0, abs=1e-9)


def test_what_fits_no_foot_leaves_a_residual() -> None:
    """One bone 30 mm off among six."""
    wrong = {**BONES, 1: BONES[1] + (0, 0, 30.0)}

    assert fit_pose(wrong, BONES)[1] > 5
