"""Images averaged over blocks of voxels."""

import numpy as np
import pytest

from pipeline.segmenters.downsampling import block_factors, block_means


@pytest.mark.parametrize("block", [(1, 1, 1), (2, 3, 4), (3, 2, 1), (9, 9, 9)])
def test_a_uniform_image_stays_uniform_to_its_edges(block: tuple[int, int, int]) -> None:
    """Blocks that reach beyond the image are no darker than the others."""
    means = block_means(np.full((7, 8, 5), 40, dtype=np.int16), block)

    assert means.shape == tuple(-(-n // b) for n, b in zip((7, 8, 5), block, strict=True))
    assert means.dtype == np.float32
    np.testing.assert_array_equal(means, 40)


def test_each_block_is_the_mean_of_its_voxels() -> None:
    """The edge is repeated to fill the last block."""
    values = np.array([1, 3, 5, 9, 20], dtype=np.float32).reshape(1, 5, 1)

    np.testing.assert_allclose(block_means(values, (1, 2, 1)).ravel(), (2, 7, 20))


def test_blocks_come_closest_to_the_spacing() -> None:
    """Coarse axes stay as they are; each axis may have its own target."""
    assert block_factors((0.5, 0.7, 4.0), 3.0).tolist() == [6, 4, 1]
    assert block_factors((0.5, 0.7, 4.0), (1.0, 2.0, 8.0)).tolist() == [2, 3, 2]
