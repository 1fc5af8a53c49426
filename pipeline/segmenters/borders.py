"""How much of a voxel at a muscle's border is muscle: by what lies on either side, nearby."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.tissue import neighbours

_BELLY = 0.9  # such probabilities tell how bright muscle is nearby,
_OUTSIDE = 0.1  # and such what lies beside it
_NEARBY_MM = 1.5  # SD of the Gaussian that weighs them
_CLEAR_SDS = 4.0  # noise SDs from muscle's brightness, to be another tissue's
_OWN_SDS = 0.5  # noise SDs that muscle itself may differ by, as streaks of fat make it
_LIMITS = (0.05, 0.9)  # of the network's chance, between which brightness may decide
_BETWEEN = 0.1  # of what is nearby is bright and as much is dark: both may mix to muscle's own,
_SEEN = 0.3  # so the network has to see muscle there, too, with such a chance
_HARDLY = 1e-3  # weight below which there is nothing nearby
_BESIDE_VOXELS = 8

Array = NDArray[np.float32]


def with_border_shares(
    intensity: Array, grid: Grid, chance: Array, probability: Array
) -> Array:
    """Give border voxels the part of them that is muscle, in place of their probability.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    chance
        Of any muscle, by the network alone, 0 to 1.
    probability
        With brightness weighed in; the border runs where it is a half.

    Returns
    -------
    ndarray
        Float32, 0 to 1.

    Notes
    -----
    Linear partial volume (Santago and Gage 1993, IEEE Trans Med Imaging 12:566), with two
    neighbours: what is brighter than muscle, and what is darker, as fat lies on one side and
    tendon on the other. A histogram of the whole foot calls such voxels other tissue, since
    most of what is as bright as they are is: volumes came out 3 % too small. Limits were
    settled on development feet.
    """
    is_belly = probability > _BELLY
    if not is_belly.any():
        return probability
    shares = probability.copy()
    box = _box_about(chance > _LIMITS[0])
    image, belly = intensity[box], is_belly[box]
    spacing = np.array(grid.spacing_mm)
    reach = np.where(spacing < 2 * spacing.min(), _NEARBY_MM / spacing, 0.0)
    muscle = _mean_nearby(
        image, belly.astype(np.float32), reach, float(np.median(image[belly]))
    )
    noise = 1.4826 * np.median(np.abs(image - muscle)[belly])
    share = np.ones(image.shape, dtype=np.float32)
    is_told = np.zeros(image.shape, dtype=bool)  # else both sides look alike
    is_between = np.ones(image.shape, dtype=bool)
    for sign in (1, -1):
        beyond = (image - muscle) * sign - np.float32(_OWN_SDS * noise)
        is_other = (probability[box] < _OUTSIDE) & (beyond > _CLEAR_SDS * noise)
        purer = np.where(is_other, beyond, 0)  # weighs more, as many are mixed themselves
        step = _mean_nearby(beyond, purer, reach, np.inf)
        share = np.minimum(share, 1 - np.clip(beyond, 0, None) / step)
        is_told |= np.isfinite(step)
        is_between &= ndimage.gaussian_filter(is_other.astype(np.float32), reach) > _BETWEEN
    share[is_between] *= np.minimum(1, chance[box][is_between] / _SEEN)
    is_muscle = probability[box] > 0.5
    cross = neighbours(grid.spacing_mm, below_mm=2 * min(grid.spacing_mm))
    is_border = ndimage.binary_dilation(is_muscle, cross)
    is_border &= ~ndimage.binary_erosion(is_muscle, cross)
    low, high = _LIMITS
    is_border &= (chance[box] > low) & (chance[box] < high) & is_told
    shares[box][is_border] = np.clip(share, 0, 1)[is_border]
    return shares


def _mean_nearby(
    values: Array, weights: Array, reach: NDArray[np.float64], where_none: float
) -> Array:
    weight = ndimage.gaussian_filter(weights, reach)
    total = ndimage.gaussian_filter(values * weights, reach)
    mean: Array = np.where(
        weight > _HARDLY, total / np.maximum(weight, _HARDLY), np.float32(where_none)
    )
    return mean


def _box_about(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    return tuple(
        slice(max(0, side.start - _BESIDE_VOXELS), side.stop + _BESIDE_VOXELS) for side in box
    )
