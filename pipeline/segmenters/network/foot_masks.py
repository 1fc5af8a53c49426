"""How many feet an image holds, and the image of each alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.isotropic_image import IsotropicImage

Alone = Callable[[IsotropicImage], IsotropicImage]
"""Blanks out all feet but one, on any lattice of the same image."""

TISSUE_SIGNAL = 0.12
"""Above it is tissue rather than air, on preprocessed intensities."""

_SMALLEST_FOOT_CM3 = 250.0  # of whole tissue; a child's foot is larger
_LEAST_SHOWN = 0.9  # of a bone that the pose rests on
_EROSION_MM = 16.0  # parts feet that touch; the ankle and midfoot of one foot are thicker


def tissue_mask(image: IsotropicImage) -> NDArray[np.bool_]:
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


def candidate_masks(image: IsotropicImage) -> Iterator[NDArray[np.bool_]]:
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


def without_others(mask: NDArray[np.bool_], lattice: IsotropicImage) -> Alone:
    """Make what blanks out other feet.

    Parameters
    ----------
    mask
        One of `candidate_masks`, on `lattice`.
    """

    def alone(image: IsotropicImage) -> IsotropicImage:
        everywhere = image.positions_mm(np.ones(image.values.shape, dtype=bool))
        share, _ = replace(lattice, values=mask.astype(np.float32)).sample(everywhere)
        is_own = share.reshape(image.values.shape) > 0.5
        return replace(image, values=np.where(is_own, image.values, 0))

    return alone


def requested_foot(sides: Sequence[Side | None], scan: Scan) -> int:
    """Tell which of several feet is the one of the side that was asked for.

    Parameters
    ----------
    sides
        Of each foot by its anatomy; None if that is unclear.

    Raises
    ------
    ScanError
        If no side was asked for, or the anatomy does not tell which foot is meant.
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


def check_in_image(shown: Mapping[str, float]) -> None:
    """Refuse an image that cuts off what the foot pose rests on.

    Parameters
    ----------
    shown
        Part of each bone that lies in the image, 0 to 1, by name.

    Raises
    ------
    ScanError
        If less than nine tenths of one are shown.
    """
    lost = [f"{part:.0%} of the {name}" for name, part in shown.items() if part < _LEAST_SHOWN]
    if lost:
        msg = (
            "The image must show the foot from the heel to the metatarsal heads: "
            f"got {', '.join(lost)}. Scan again with a field of view from heel to toes."
        )
        raise ScanError(msg)
