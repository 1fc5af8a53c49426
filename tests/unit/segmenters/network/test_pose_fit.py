"""The pose that fits the bones of a foot."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.segmenters.network.pose_fit import fit_pose, relative_stretch

BONES = {k: np.array(p) for k, p in enumerate(np.random.default_rng(3).normal(0, 40, (6, 3)))}


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_pose_is_recovered(is_mirrored: bool) -> None:
    """Scale, rotation, reflection and translation, without a residual."""
    pose = np.eye(4)
    rotation = Rotation.from_euler("xyz", (20, -50, 130), degrees=True).as_matrix()
    pose[:3, :3] = 1.2 * rotation @ np.diag((-1.0 if is_mirrored else 1.0, 1, 1))
    pose[:3, 3] = 5, -70, 12
    bones = {k: pose[:3, :3] @ p + pose[:3, 3] for k, p in BONES.items()}

    fitted, residual_mm = fit_pose(bones, BONES)

    np.testing.assert_allclose(fitted, pose, atol=1e-9)
    assert residual_mm == pytest.approx(0, abs=1e-9)


def test_the_handedness_can_be_given() -> None:
    """The other hand fits worse."""
    right, left = (fit_pose(BONES, BONES, is_mirrored=is_left) for is_left in (False, True))

    assert np.linalg.det(right[0][:3, :3]) > 0 > np.linalg.det(left[0][:3, :3])
    assert right[1] == pytest.approx(0, abs=1e-9)
    assert left[1] > 5


def test_missing_bones_do_not_matter() -> None:
    """Those in common are compared."""
    few = {k: p + 3 for k, p in BONES.items() if k != 2}

    fitted, residual_mm = fit_pose({**few, 99: np.zeros(3)}, BONES)

    np.testing.assert_allclose(fitted[:3, 3], 3, atol=1e-9)
    assert residual_mm == pytest.approx(0, abs=1e-9)


def test_bones_that_fit_no_foot_leave_a_residual() -> None:
    """One bone 30 mm off among six."""
    wrong = {**BONES, 1: BONES[1] + (0, 0, 30.0)}

    assert fit_pose(wrong, BONES)[1] > 5


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("factor", [1.6, 1 / 1.6])
def test_a_stretch_is_recovered(axis: int, factor: float) -> None:
    """Along any axis, in any pose, longer or shorter."""
    scales = np.ones(3)
    scales[axis] = factor
    turn = 0.9 * Rotation.from_euler("xyz", (20, -50, 130), degrees=True).as_matrix()
    bones = {k: turn @ (scales * p) + 7 for k, p in BONES.items()}

    assert relative_stretch(bones, BONES) == pytest.approx(1.6)


def test_a_mirrored_foot_is_not_stretched() -> None:
    """Nor is one of another size."""
    bones = {k: np.array((-2.0, 2.0, 2.0)) * p for k, p in BONES.items()}

    assert relative_stretch(bones, BONES) == pytest.approx(1)
