"""How many feet an image shows, and which of them to measure."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.isotropic_image import IsotropicImage

TISSUE_SIGNAL = 0.12
"""Preprocessed intensities above it are tissue, those below air."""

_MIN_FOOT_CM3 = 250.0  # of all tissue; a child's foot is larger
_MIN_IN_IMAGE = 0.9  # of each bone of the foot frame
_EROSION_MM = 16.0  # separates feet that touch; ankle and midfoot of one foot are thicker


def tissue_mask(image: IsotropicImage) -> NDArray[np.bool_]:
    """Mark everything brighter than air."""
    mask: NDArray[np.bool_] = ndimage.gaussian_filter(image.values, 0.7) > TISSUE_SIGNAL
    return mask


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill holes in every plane along every axis.

    Notes
    -----
    Filling cavities in 3-D would leave marrow out: on a water image it is dark, and open to
    the image's edge where the leg is cut.
    """
    full = mask.copy()
    for axis in range(3):
        planes = [ndimage.binary_fill_holes(plane) for plane in np.moveaxis(mask, axis, 0)]
        full |= np.moveaxis(np.stack(planes), 0, axis)
    return full


def candidate_masks(image: IsotropicImage) -> Iterator[NDArray[np.bool_]]:
    """Yield a mask for each component of tissue that may be a foot, without the others.

    Notes
    -----
    Erosion separates feet that touch; each eroded component then takes back the tissue that
    is nearest to it.
    """
    solid = filled(ndimage.binary_closing(tissue_mask(image), iterations=2))
    depth = ndimage.distance_transform_edt(np.pad(solid, 1), sampling=image.spacing_mm)
    cores, _ = ndimage.label(depth[1:-1, 1:-1, 1:-1] > _EROSION_MM)
    nearest = ndimage.distance_transform_edt(
        cores == 0, return_distances=False, return_indices=True
    )
    owner = cores[tuple(nearest)]
    volumes_cm3 = np.bincount(owner[solid], minlength=2)[1:] * image.spacing_mm**3 / 1e3
    candidates = np.flatnonzero(volumes_cm3 > _MIN_FOOT_CM3) + 1
    for candidate in candidates:
        yield ~np.isin(owner, candidates[candidates != candidate])


def requested_foot(sides: Sequence[Side | None], scan: Scan) -> int:
    """Give the index of the foot whose side was requested.

    Parameters
    ----------
    sides
        Of each foot by its anatomy; None if that is unclear.

    Raises
    ------
    ScanError
        If no side was requested, or the anatomy does not single out one foot of that side.
    """
    clear = [side for side in sides if side is not None]
    if len(clear) < len(sides) or len(set(clear)) < len(clear) or scan.side is None:
        msg = (
            f"The image must show one foot, or say which of two to measure: got {len(sides)} "
            f"feet, by anatomy {', '.join(clear) or 'of unclear side'}, and the side asked for "
            f"is {scan.side or 'not given'}. Crop the image to one foot, or give --side."
        )
        raise ScanError(msg)
    return sides.index(scan.side)


def check_in_image(fractions: Mapping[str, float]) -> None:
    """Refuse an image that cuts a bone of the foot frame.

    Parameters
    ----------
    fractions
        Fraction of each bone that lies in the image, 0 to 1, by name.

    Raises
    ------
    ScanError
        If less than nine tenths of a bone lie in the image.
    """
    cut = [f"{part:.0%} of the {n}" for n, part in fractions.items() if part < _MIN_IN_IMAGE]
    if cut:
        msg = (
            "The image must show the foot from the heel to the metatarsal heads: "
            f"got {', '.join(cut)}. Scan again with a field of view from heel to toes."
        )
        raise ScanError(msg)
