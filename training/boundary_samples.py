"""Training samples of the boundary networks: voxels near boundaries and their fractions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import boundary_features
from pipeline.segmenters.network.weights import BONE_BOUNDARY, MUSCLE_BOUNDARY
from training.boundary_scans import (
    SCAN_STREAM,
    PredictedRegion,
    predicted_bones,
    predicted_muscles,
)
from training.feet import ALL_KINDS, Kinds

_AUGMENTED = 0.2  # fraction of scans with probabilities as of another network
_BLUR_MM = (0.0, 1.5)  # SD of a Gaussian
_LOGIT_FACTOR = (0.7, 3.0)
_VOXELS = 20_000  # per scan, so that all scans have one weight
_LABELS = max(*MUSCLE_NAMES, *BONE_NAMES) + 1


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
    excess_mm3
        Predicted minus true volume outside the boundary voxels, by label.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.uint8]
    fraction: NDArray[np.float32]
    voxel_mm3: float
    excess_mm3: NDArray[np.floating]


def draw_boundary_samples(
    index: int, folder: Path, kinds: Kinds = ALL_KINDS
) -> dict[str, list[BoundarySamples]]:
    """Draw boundary voxels of scan `index`, as many of its muscles as of all its bones.

    Parameters
    ----------
    kinds
        Kinds that the foot's own is drawn from.

    Returns
    -------
    dict
        By the name of the network: one set of samples of all muscles, and one of each bone.
    """
    regions = {
        MUSCLE_BOUNDARY: [predicted_muscles(index, folder, kinds)],
        BONE_BOUNDARY: predicted_bones(index, folder, kinds),
    }
    drawn = {}
    for stream, (name, predicted) in enumerate(regions.items(), start=1):
        rng = np.random.default_rng((SCAN_STREAM, index, stream))
        drawn[name] = [_draw(region, rng, _VOXELS // len(predicted)) for region in predicted]
    return drawn


def _draw(region: PredictedRegion, rng: np.random.Generator, limit: int) -> BoundarySamples:
    grid, labels = region.grid, region.labels
    intensity, probability, fraction = (
        values.astype(np.float32)
        for values in (region.intensity, region.probability, region.fraction)
    )
    if rng.random() < _AUGMENTED:
        probability = _augment(probability, grid, rng)
    is_boundary, features = boundary_features(intensity, grid, probability)
    elsewhere = ~is_boundary
    excess = ((probability > 0.5) - fraction)[elsewhere]
    drawn = rng.permutation(len(features))[:limit]
    return BoundarySamples(
        features[drawn],
        labels[is_boundary][drawn],
        fraction[is_boundary][drawn],
        grid.voxel_volume_mm3 * len(features) / len(drawn),
        np.bincount(labels[elsewhere], excess, _LABELS) * grid.voxel_volume_mm3,
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
