"""Fat inside muscle: streaks along the foot."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import brentq

from pipeline.phantom.anatomy.generalised_cylinders import Field
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape

_SPACING_MM = 1.5
_STREAK_MM = (1.2, 8.0, 1.2)  # lateral, long, dorsal: SD of the smoothing; judgement
_UNEVENNESS = 0.8  # SD of the streaks relative to the mean, judgement


def fat_streaks(muscles: NDArray[np.uint8], lattice: Lattice, shape: FootShape) -> Field | None:
    """Give the fat fraction of each voxel, 0 outside muscle; None if all are lean.

    Notes
    -----
    Log-normal streaks, cut at pure fat and scaled so that each muscle's mean is that of
    `shape.fat_fractions`.
    """
    means = np.zeros(int(muscles.max()) + 1, dtype=np.float32)
    for muscle, fraction in shape.fat_fractions.items():
        if muscle < len(means):
            means[muscle] = fraction
    if not means.any():
        return None
    rng = np.random.default_rng(shape.texture_seed)
    high_mm = lattice.first_mm + (np.array(lattice.shape) - 1) * lattice.spacing_mm
    # drawn on one lattice whatever the resolution asked for, so that it does not depend on it
    coarse = Lattice.over(lattice.first_mm - 3.0, high_mm + 3.0, _SPACING_MM)
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
    """Find the factor that gives this mean once no voxel may be more than fat."""
    if mean == 0:
        return 0.0
    most = 1 / float(streaks.min())
    return float(brentq(lambda s: np.clip(streaks * s, 0, 1).mean() - mean, 0, most, rtol=1e-4))
