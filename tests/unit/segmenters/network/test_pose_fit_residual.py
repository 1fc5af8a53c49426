"""The unit of the residual of a fitted pose."""

import numpy as np
import pytest

from pipeline.segmenters.network.pose_fit import fit_pose

BONES = {k: np.array(p) for k, p in enumerate(np.random.default_rng(3).normal(0, 40, (6, 3)))}


def test_a_larger_foot_has_the_same_residual() -> None:
    """The residual is in mm of the template, so it does not grow with the foot."""
    wrong = {**BONES, 1: BONES[1] + (0, 0, 30.0)}
    larger = {label: 1.5 * centre for label, centre in wrong.items()}

    assert fit_pose(larger, BONES)[1] == pytest.approx(fit_pose(wrong, BONES)[1])
