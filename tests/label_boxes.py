"""Boxes of labels on a small grid."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid

Box = tuple[slice, slice, slice]
BLOCK: Box = (slice(1, 3), slice(2, 6), slice(3, 5))


def box_labels(grid: Grid, values: Mapping[int, Box]) -> NDArray[np.uint8]:
    """Fill boxes with labels."""
    voxels = np.zeros(grid.shape, dtype=np.uint8)
    for value, box in values.items():
        voxels[box] = value
    return voxels
