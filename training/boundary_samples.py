"""Training samples of the boundary networks: voxels near boundaries and their fractions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import (
    POSSIBLE,
    UNCERTAIN,
    Range,
    boundary_features,
)
from pipeline.segmenters.network.weights import BONE_BOUNDARY, MUSCLE_BOUNDARY
from training.boundary_scans import (
    SCAN_STREAM,
    PredictedRegion,
    predicted_bones,
    predicted_muscles,
)

_AUGMENTED = 0.2  # fraction of scans with probabilities as of another network
_BLUR_MM = (0.0, 1.5)  # SD of a Gaussian
_LOGIT_FACTOR = (0.7, 3.0)
_VOXELS = 30_000  # per scan, so that all scans have one weight
RANGES: Mapping[str, Range] = MappingProxyType(
    {MUSCLE_BOUNDARY: POSSIBLE, BONE_BOUNDARY: UNCERTAIN}
)
"""Probabilities of the voxels that each network decides about."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundarySamples:
    """Random voxels at the boundaries of muscles or of a bone.

    Parameters
    ----------
    features
        (voxels, `FEATURES`) of `pipeline.segmenters.network.boundary`.
    labels
        Most probable muscle of each voxel, or the bone.
    fraction
        True partial-volume fraction of each voxel.
    voxel_mm3
        Volume that each sampled voxel represents.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.uint8]
    fraction: NDArray[np.float32]
    voxel_mm3: float


def draw_boundary_samples(index: int, folder: Path) -> dict[str, list[BoundarySamples]]:
    """Draw voxels of scan `index`, as many of its muscles as of all its bones.

    Returns
    -------
    dict
        By the name of the network: one set of samples of all muscles, and one of each bone.
    """
    regions = {
        MUSCLE_BOUNDARY: [predicted_muscles(index, folder)],
        BONE_BOUNDARY: predicted_bones(index, folder),
    }
    drawn = {}
    for stream, (name, predicted) in enumerate(regions.items(), start=1):
        rng = np.random.default_rng((SCAN_STREAM, index, stream))
        within, limit = RANGES[name], _VOXELS // len(predicted)
        drawn[name] = [_draw(region, rng, limit, within) for region in predicted]
    return drawn


def _draw(
    region: PredictedRegion, rng: np.random.Generator, limit: int, within: Range
) -> BoundarySamples:
    grid, labels = region.grid, region.labels
    intensity, probability, fraction = (
        values.astype(np.float32)
        for values in (region.intensity, region.probability, region.fraction)
    )
    if rng.random() < _AUGMENTED:
        probability = _augment(probability, grid, rng)
    is_boundary, features = boundary_features(intensity, grid, probability, within)
    drawn = rng.permutation(len(features))[:limit]
    return BoundarySamples(
        features[drawn],
        labels[is_boundary][drawn],
        fraction[is_boundary][drawn],
        grid.voxel_volume_mm3 * len(features) / len(drawn),
    )


def _augment(
    probability: NDArray[np.float32], grid: Grid, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Blur probabilities and multiply their logits by a random factor."""
    blurred = ndimage.gaussian_filter(
        probability, rng.uniform(*_BLUR_MM) / np.array(grid.spacing_mm)
    )
    factor = np.exp(rng.uniform(*np.log(_LOGIT_FACTOR)))
    powers, others = blurred**factor, (1 - blurred) ** factor
    augmented: NDArray[np.float32] = (powers / (powers + others)).astype(np.float32)
    return augmented
