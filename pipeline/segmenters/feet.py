"""How many feet an image holds, and the image of each alone."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.segmenters.volume import Volume

TISSUE_SIGNAL = 0.12
"""Above it is tissue rather than air, on preprocessed intensities."""

_SMALLEST_FOOT_CM3 = 250.0  # of whole tissue; a child's foot is larger
_EROSION_MM = 8.0  # parts feet that touch; a foot's own waist is far thicker


def tissue_mask(image: Volume) -> NDArray[np.bool_]:
    """Find everything brighter than air."""
    mask: NDArray[np.bool_] = ndimage.gaussian_filter(image.values, 0.7) > TISSUE_SIGNAL
    return mask


def largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest connected piece, filled."""
    pieces, _ = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(pieces == sizes.argmax())
    return filled


def single_feet(image: Volume) -> Iterator[NDArray[np.bool_]]:
    """Yield a mask for each piece of tissue that is large enough to be a foot.

    Notes
    -----
    Pieces are parted by erosion, so feet that touch are two; each eroded piece then
    takes back the tissue that is nearest to it.
    """
    mask = tissue_mask(image)
    # layer by layer, so that noise holes in a dark heel are no depth to erode from
    solid = np.stack([ndimage.binary_fill_holes(layer) for layer in mask], axis=0)
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(solid, iterations=2))
    depth = ndimage.distance_transform_edt(np.pad(solid, 1), sampling=image.spacing_mm)
    cores, _ = ndimage.label(depth[1:-1, 1:-1, 1:-1] > _EROSION_MM)
    nearest = ndimage.distance_transform_edt(
        cores == 0, return_distances=False, return_indices=True
    )
    owner = np.where(solid, cores[tuple(nearest)], 0)
    volumes_cm3 = np.bincount(owner.ravel())[1:] * image.spacing_mm**3 / 1e3
    for piece in np.flatnonzero(volumes_cm3 > _SMALLEST_FOOT_CM3) + 1:
        yield owner == piece
