"""The patch of a network, and the intensity scale of its input."""

import numpy as np
import pytest

from pipeline.segmenters.network.patch import Patch, with_scaled_intensity

SMALL = Patch((8, 16, 8), (2.0, 2.0, 2.0), (2, 1, 2))


def test_the_origin_is_the_centre_of_the_patch() -> None:
    """The mean of all voxel positions is 0."""
    corners = np.array([[0, 0, 0, 1], [7, 15, 7, 1]]) @ SMALL.affine.T

    np.testing.assert_allclose(corners.mean(axis=0)[:3], 0)
    np.testing.assert_allclose(corners[1, :3] - corners[0, :3], (14, 30, 14))


def test_the_input_fills_the_same_box() -> None:
    """In finer voxels."""
    finer = SMALL.input

    assert (finer.shape, finer.spacing_mm) == ((16, 16, 16), (1.0, 2.0, 1.0))
    assert SMALL.finest_mm == 1.0
    sides_mm = [np.multiply(patch.shape, patch.spacing_mm) for patch in (SMALL, finer)]
    np.testing.assert_allclose(sides_mm[0], sides_mm[1])


@pytest.mark.parametrize("gain", [1e-3, 1.0, 250.0])
def test_intensity_has_one_scale(gain: float) -> None:
    """Whatever the scanner's units, bright tissue is 1 and nothing exceeds the limit."""
    values = np.zeros((10, 10, 10), np.float32)
    values[2:8, 2:8, 2:8] = 1.0
    values[5, 5, 5] = 50.0

    scaled = with_scaled_intensity(values * np.float32(gain))

    assert scaled[3, 3, 3] == pytest.approx(1.0)
    assert scaled.max() == 4.0


def test_an_empty_patch_stays_empty() -> None:
    """There is no tissue to scale by."""
    assert not with_scaled_intensity(np.zeros((4, 4, 4), np.float32)).any()
