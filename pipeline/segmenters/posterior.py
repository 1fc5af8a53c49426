"""Which voxels are muscle, by a network's chances and the scan's own brightness together."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.borders import with_border_shares

_LEAST_CHANCE = 0.001  # of any muscle, for a voxel to be weighed at all
_SURE = 0.75  # such chances count as muscle whatever their brightness, as streaks of fat are
_ROUNDS = 4  # after which the posterior hardly moves
_BINS = 64
_BLUR_BINS = 2.5
_RANGE = (0.5, 99.5)  # percentiles of brightness between the first and the last bin
_RARE = 1e-4  # of a level that was seen in one of both only


def muscle_probability(
    intensity: NDArray[np.float32],
    grid: Grid,
    chance: NDArray[np.float32],
    bones: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """Give the probability that a voxel is muscle, and at borders the part of it that is.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    chance
        Of any muscle, by the network alone, 0 to 1.
    bones
        Labels; muscle never enters a bone.

    Returns
    -------
    ndarray
        Float32, 0 to 1.
    """
    posterior = muscle_posterior(intensity, chance)
    probability = with_border_shares(intensity, grid, chance, posterior)
    probability[bones > 0] = 0
    return probability


def muscle_posterior(
    intensity: NDArray[np.float32], chance: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give the probability that a voxel is muscle of any kind.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast.
    chance
        Of any muscle, by the network alone, 0 to 1, on the same grid.

    Returns
    -------
    ndarray
        Float32, 0 to 1.

    Notes
    -----
    Bayes' rule by expectation and maximisation (Wells et al. 1996, IEEE Trans Med Imaging
    15:429), the network's chance as the prior. How bright muscle is in this scan, and how
    bright what lies about it, are histograms without a form, so no contrast is assumed: where
    both look alike the prior stands. Which of two touching muscles a voxel belongs to is not
    asked, as brightness cannot tell.
    """
    found = np.zeros(chance.shape, dtype=np.float32)
    weighed = chance > _LEAST_CHANCE
    if not weighed.any():
        return found
    prior = np.clip(chance[weighed], 0, 1 - _LEAST_CHANCE).astype(np.float64)
    odds = prior / (1 - prior)
    level = _levels(intensity[weighed])
    posterior = prior
    for _ in range(_ROUNDS):
        share = np.where(prior > _SURE, prior, posterior)
        favour = odds * (_spectrum(level, share) / _spectrum(level, 1 - share))[level]
        posterior = favour / (1 + favour)
    found[weighed] = posterior
    return found


def _levels(brightness: NDArray[np.float32]) -> NDArray[np.intp]:
    low, high = np.percentile(brightness, _RANGE)
    scaled = (brightness - low) / max(high - low, np.finfo(np.float32).tiny)
    level: NDArray[np.intp] = np.clip(scaled * _BINS, 0, _BINS - 1).astype(np.intp)
    return level


def _spectrum(level: NDArray[np.intp], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how often each level of brightness is met in a tissue of these shares."""
    counts = np.bincount(level, weights=share, minlength=_BINS)
    smooth = ndimage.gaussian_filter1d(counts, _BLUR_BINS)
    often: NDArray[np.float64] = smooth / max(smooth.sum(), np.finfo(np.float32).tiny)
    return often + _RARE / _BINS
