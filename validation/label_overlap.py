"""Labels on another grid, and the overlap of two masks."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap


def on_grid(labels: LabelMap, grid: Grid) -> NDArray[np.uint8]:
    """Sample labels at the voxel centres of another grid, by nearest neighbour."""
    to_source = np.linalg.inv(labels.grid.matrix) @ grid.matrix
    sampled: NDArray[np.uint8] = ndimage.affine_transform(
        labels.voxels, to_source[:3, :3], to_source[:3, 3], grid.shape, order=0
    )
    return sampled


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Give the Dice coefficient of two masks."""
    both = np.count_nonzero(first & second)
    return 2 * both / (np.count_nonzero(first) + np.count_nonzero(second))
