"""Connected components of a mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import measure

Mask = NDArray[np.bool_]


def component_sizes(mask: Mask, *, connectivity: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Label the connected components of a mask and count their voxels.

    Parameters
    ----------
    connectivity
        1 for neighbours that share a face, 3 for those that share a corner.

    Returns
    -------
    labels, sizes
        Component of each voxel, 0 outside the mask; voxels of each component from 1 on, with
        0 for the background.
    """
    labels = measure.label(mask, connectivity=connectivity)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels, sizes


def large_components(mask: Mask, least_fraction: float, *, connectivity: int) -> Mask:
    """Keep the components that have at least a fraction of the largest one's voxels."""
    labels, sizes = component_sizes(mask, connectivity=connectivity)
    is_large = sizes >= least_fraction * sizes.max()
    large: Mask = mask & is_large[labels]
    return large
