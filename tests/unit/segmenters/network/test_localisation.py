"""Rotations that localisation tries."""

import numpy as np

from pipeline.segmenters.network.localisation import _right_angle_rotations


def test_the_identity_is_tried_first() -> None:
    """Then the other 23 rotations that map axes to axes, by rising angle."""
    rotations = _right_angle_rotations()

    np.testing.assert_array_equal(rotations[0], np.eye(3))
    assert len({tuple(r.ravel()) for r in rotations}) == 24
    assert np.linalg.det(rotations).round(9).tolist() == [1] * 24
    np.testing.assert_array_equal(np.abs(rotations).sum(axis=1), 1)
    assert (np.diff(np.trace(rotations, axis1=1, axis2=2)) <= 0).all()
