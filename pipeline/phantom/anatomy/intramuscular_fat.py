"""Intramuscular fat: streaks along the foot."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import brentq

from pipeline.phantom.anatomy.generalised_cylinders import Field
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape

_SPACING_MM = 1.5
_STREAK_MM = (1.2, 8.0, 1.2)  # smoothing SD: lateral, long, dorsal; by judgement
_UNEVENNESS = 0.8  # SD of the streaks relative to their mean, by judgement


def fat_streaks(muscles: NDArray[np.uint8], lattice: Lattice, shape: FootShape) -> Field | None:
    """Give the fat fraction of each voxel, 0 outside muscle; None if no muscle has fat.

    Notes
    -----
    Log-normal streaks, clipped at 1 and scaled so that the mean of each muscle is that of
    `shape.fat_fractions`.
    """
    means = np.zeros(int(muscles.max()) + 1, dtype=np.float32)
    for muscle, fraction in shape.fat_fractions.items():
        if muscle < len(means):
            means[muscle] = fraction
    if not means.any():
        return None
    rng = np.random.default_rng(shape.texture_seed)
    high_mm = lattice.origin_mm + (np.array(lattice.shape) - 1) * lattice.spacing_mm
    # on a lattice of fixed spacing, so that streaks do not depend on the resolution
    coarse = Lattice.over(lattice.origin_mm - 3.0, high_mm + 3.0, _SPACING_MM)
    noise = ndimage.gaussian_filter(
        rng.standard_normal(coarse.shape, dtype=np.float32),
        [s / _SPACING_MM for s in _STREAK_MM],
        mode="wrap",
    )
    streaks = np.exp(coarse.refine(noise * np.float32(_UNEVENNESS / noise.std()), lattice))
    fat: Field = np.zeros(muscles.shape, dtype=np.float32)
    for label in np.flatnonzero(means).tolist():
        inside = muscles == label
        if inside.any():
            here = streaks[inside]
            fat[inside] = np.clip(here * _scale(here, float(means[label])), 0, 1)
    return fat


def _scale(streaks: Field, mean: float) -> float:
    """Find the factor that gives this mean after clipping at 1."""
    if mean == 0:
        return 0.0
    most = 1 / float(streaks.min())
    return float(brentq(lambda s: np.clip(streaks * s, 0, 1).mean() - mean, 0, most, rtol=1e-4))
