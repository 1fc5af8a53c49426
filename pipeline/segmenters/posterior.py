"""Which voxels are muscle, by a network's chances and the scan's own brightness together."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.tissue import chance_of_any, likeliest_muscle
from pipeline.segmenters.volume import Volume

_LEAST_CHANCE = 0.001  # of any muscle, for a voxel to be weighed at all
_TRUST = 0.7  # power of the odds that the network gives: it is surer than it is right
_SURE = 0.6  # such chances count as muscle whatever their brightness, so streaks of fat do, too
_ROUNDS = 4  # after which the posterior hardly moves
_BINS = 64
_BLUR_BINS = 2.5
_RANGE = (0.5, 99.5)  # percentiles of brightness between the first and the last bin
_RARE = 1e-4  # of a level that was seen in one of both only


def label_muscles(
    intensity: NDArray[np.float32],
    grid: Grid,
    chances: Mapping[int, Volume],
    bones: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Decide for each voxel whether it is muscle, and which.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    chances
        Of each muscle, 0 to 1, on one lattice.
    bones
        Bone labels on `grid`, which muscle never enters.

    Notes
    -----
    Which of two touching muscles a voxel belongs to is left to the chances, as brightness
    cannot tell.
    """
    is_muscle = (muscle_posterior(intensity, grid, chances) > 0.5) & (bones == 0)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[is_muscle] = likeliest_muscle(chances, grid, is_muscle)
    return labels


def muscle_posterior(
    intensity: NDArray[np.float32], grid: Grid, chances: Mapping[int, Volume]
) -> NDArray[np.float32]:
    """Give the probability that a voxel is muscle of any kind.

    Returns
    -------
    ndarray
        Float32, 0 to 1, on `grid`.

    Notes
    -----
    Bayes' rule by expectation and maximisation (Wells et al. 1996, IEEE Trans Med Imaging
    15:429), the network's chance as the prior. How bright muscle is in this scan, and how
    bright what lies about it, are histograms without a form, so no contrast is assumed: where
    both look alike the prior stands.
    """
    chance = chance_of_any(chances, grid)
    weighed = chance > _LEAST_CHANCE
    prior = np.clip(chance[weighed], 0, 1 - _LEAST_CHANCE).astype(np.float64)
    odds = (prior / (1 - prior)) ** _TRUST
    level = _levels(intensity[weighed])
    posterior = prior
    for _ in range(_ROUNDS):
        share = np.where(prior > _SURE, prior, posterior)
        favour = odds * (_spectrum(level, share) / _spectrum(level, 1 - share))[level]
        posterior = favour / (1 + favour)
    found = np.zeros(grid.shape, dtype=np.float32)
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
