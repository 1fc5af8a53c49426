"""Anti-aliased downsampling by the means of whole blocks of voxels."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.measure import block_reduce


def block_factors(spacing_mm: ArrayLike, target_mm: ArrayLike) -> NDArray[np.intp]:
    """Give the block size, in voxels along each axis, that comes closest to a spacing."""
    ratio = np.asarray(target_mm, dtype=float) / np.asarray(spacing_mm, dtype=float)
    factors: NDArray[np.intp] = np.maximum(1, np.round(ratio)).astype(np.intp)
    return factors


def block_means(values: NDArray[Any], factors: ArrayLike) -> NDArray[np.float32]:
    """Average an image over blocks of voxels.

    Parameters
    ----------
    factors
        Voxels of a block along each axis.

    Returns
    -------
    ndarray
        Float32, one value per block. Blocks that reach beyond the image are padded with its
        edge: zeros would darken the last plane.
    """
    block = np.asarray(factors, dtype=int)
    excess = -np.array(values.shape) % block
    padded = np.pad(values, [(0, int(n)) for n in excess], mode="edge")
    means: NDArray[np.float32] = block_reduce(padded, tuple(block.tolist()), np.mean)
    return means.astype(np.float32)
