"""Boxes of structures, and connected components of a mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure
from skimage.morphology import remove_small_holes, remove_small_objects

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap

Mask = NDArray[np.bool_]
Box = tuple[slice, ...]


def label_boxes(labels: LabelMap) -> dict[int, Box]:
    """Give the smallest box that holds each structure that is present, by label."""
    boxes = ndimage.find_objects(labels.voxels, max(labels.names))
    return {label: box for label, box in enumerate(boxes, start=1) if box is not None}


def indices_in_image(mask: Mask, box: Box) -> tuple[NDArray[np.intp], ...]:
    """Give the indices of the voxels of a mask in the image that it was cropped from.

    Returns
    -------
    tuple of ndarray
        As `numpy.nonzero` gives them for the whole image.
    """
    return tuple(at + side.start for at, side in zip(np.nonzero(mask), box, strict=True))


def component_sizes(
    mask: NDArray[Any], *, connectivity: int
) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Label the connected components of a mask, or of labels, and count their voxels.

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


def without_specks(
    labels: NDArray[np.uint8], grid: Grid, smallest_mm3: float
) -> NDArray[np.uint8]:
    """Remove specks, fill holes, and give specks of one label inside others to these.

    Parameters
    ----------
    labels
        0 where there is nothing.
    smallest_mm3
        Volume that a component must reach to be kept, and a hole to stay.

    Notes
    -----
    A voxel that changes gets the nearest label that is kept. Parts of one label may touch by
    a corner only, as thin muscles do between thick slices.
    """
    largest = max(1, round(smallest_mm3 / grid.voxel_volume_mm3)) - 1  # of a speck
    tidy = np.zeros_like(labels)
    for box in ndimage.find_objects((labels > 0).astype(np.uint8)):
        inside = labels[box]
        mask = remove_small_objects(inside > 0, max_size=largest)
        mask = remove_small_holes(mask, max_size=largest)
        components, sizes = component_sizes(inside, connectivity=3)
        is_kept = sizes[components] > largest
        if is_kept.any():
            nearest = ndimage.distance_transform_edt(
                ~is_kept, grid.spacing_mm, return_distances=False, return_indices=True
            )
            tidy[box] = np.where(mask, inside[tuple(nearest)], 0)
    return tidy
