"""How many feet an image holds, and the image of each alone."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.segmenters.volume import Volume

TISSUE_SIGNAL = 0.12
"""Above it is tissue rather than air, on preprocessed intensities."""

_SMALLEST_FOOT_CM3 = 250.0  # of whole tissue; a child's foot is larger
_EROSION_MM = 16.0  # parts feet that touch; the ankle and midfoot of one foot are thicker


def tissue_mask(image: Volume) -> NDArray[np.bool_]:
    """Find everything brighter than air."""
    mask: NDArray[np.bool_] = ndimage.gaussian_filter(image.values, 0.7) > TISSUE_SIGNAL
    return mask


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what is closed off in any layer along any axis.

    Marrow is dark on a water image, and open to the image's edge where the leg is cut,
    so filling closed cavities alone would leave it empty.
    """
    full = mask.copy()
    for axis in range(3):
        layers = [ndimage.binary_fill_holes(layer) for layer in np.moveaxis(mask, axis, 0)]
        full |= np.moveaxis(np.stack(layers), 0, axis)
    return full


def largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest connected piece, filled."""
    pieces, _ = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return filled(pieces == sizes.argmax())


def single_feet(image: Volume) -> Iterator[NDArray[np.bool_]]:
    """Yield, for each piece of tissue that may be a foot, all but the other such pieces.

    Notes
    -----
    Pieces are parted by erosion, so feet that touch are two; each eroded piece then
    takes back the tissue that is nearest to it.
    """
    solid = filled(ndimage.binary_closing(tissue_mask(image), iterations=2))
    depth = ndimage.distance_transform_edt(np.pad(solid, 1), sampling=image.spacing_mm)
    cores, _ = ndimage.label(depth[1:-1, 1:-1, 1:-1] > _EROSION_MM)
    nearest = ndimage.distance_transform_edt(
        cores == 0, return_distances=False, return_indices=True
    )
    owner = cores[tuple(nearest)]
    volumes_cm3 = np.bincount(owner[solid], minlength=2)[1:] * image.spacing_mm**3 / 1e3
    feet = np.flatnonzero(volumes_cm3 > _SMALLEST_FOOT_CM3) + 1
    for piece in feet:
        yield ~np.isin(owner, feet[feet != piece])
