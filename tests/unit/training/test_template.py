"""The template that the fine patch is fitted to."""

import numpy as np

from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network.pose_fit import fit_pose
from training.template import POSE_BONES, bone_centres_mm, bone_sizes, template_mm


def test_the_mean_foot_fits_the_template(coarse_foot: Foot) -> None:
    """Without rotation, within the error of coarser voxels."""
    pose, residual_mm = fit_pose(bone_centres_mm(coarse_foot), template_mm())

    assert residual_mm < 0.5
    np.testing.assert_allclose(pose[:3, :3], np.eye(3), atol=0.01)


def test_every_pose_bone_has_a_position_and_a_size() -> None:
    """The metatarsals are long."""
    sizes = bone_sizes()

    assert set(sizes) == set(POSE_BONES)
    assert all(max(sizes[ray]["half_size_mm"]) > 25 for ray in range(8, 13))
