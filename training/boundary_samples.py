"""Borders to learn from: voxels of scans, and which part of each is muscle or bone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import boundary_features
from pipeline.segmenters.network.weights import BONE_BOUNDARY, MUSCLE_BOUNDARY
from training.boundary_scans import SCAN_STREAM, SeenPart, seen_bones, seen_muscles
from training.feet import ALL_KINDS, Kinds

_OTHER_NETWORKS = 0.2  # of scans show the chances of a coarser, surer or less sure network
_BLUR_MM = (0.0, 1.5)  # SD
_SURER = (0.7, 3.0)  # times the log odds
_VOXELS = 20_000  # of each scan, so that large ones do not count for more
_LABELS = max(*MUSCLE_NAMES, *BONE_NAMES) + 1


@dataclass(frozen=True, slots=True, eq=False)
class BorderExample:
    """Some of the voxels at the borders of muscles or of a bone, and what lies elsewhere.

    Parameters
    ----------
    features
        (voxels, `FEATURES`) of `pipeline.segmenters.network.boundary`.
    labels
        Of the likeliest muscle of each voxel, or of the bone.
    share
        Part of each voxel that is such.
    voxel_mm3
        Volume that each of these voxels stands for.
    excess_mm3
        By label, what the networks are sure of less what there is, away from the borders.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.uint8]
    share: NDArray[np.float32]
    voxel_mm3: float
    excess_mm3: NDArray[np.floating]


def border_examples(
    index: int, folder: Path, kinds: Kinds = ALL_KINDS
) -> dict[str, list[BorderExample]]:
    """Draw voxels at the borders in scan `index`, as many of muscles as of all its bones.

    Parameters
    ----------
    kinds
        Of which the foot is one.

    Returns
    -------
    dict
        By the name of the network for such borders: one example of muscles, and one of each
        bone.
    """
    parts = {
        MUSCLE_BOUNDARY: [seen_muscles(index, folder, kinds)],
        BONE_BOUNDARY: seen_bones(index, folder, kinds),
    }
    drawn = {}
    for stream, (name, seen) in enumerate(parts.items(), start=1):
        rng = np.random.default_rng((SCAN_STREAM, index, stream))
        drawn[name] = [_example(part, rng, _VOXELS // len(seen)) for part in seen]
    return drawn


def _example(seen: SeenPart, rng: np.random.Generator, most: int) -> BorderExample:
    """Take voxels as the network sees them, or as another might."""
    grid, labels = seen.grid, seen.labels
    chance, share = seen.chance.astype(np.float32), seen.share.astype(np.float32)
    if rng.random() < _OTHER_NETWORKS:
        chance = _by_another(chance, grid, rng)
    is_boundary, features = boundary_features(seen.intensity.astype(np.float32), grid, chance)
    elsewhere = ~is_boundary
    excess = ((chance > 0.5) - share)[elsewhere]
    kept = rng.permutation(len(features))[:most]
    return BorderExample(
        features[kept],
        labels[is_boundary][kept],
        share[is_boundary][kept],
        grid.voxel_volume_mm3 * len(features) / len(kept),
        np.bincount(labels[elsewhere], excess, _LABELS) * grid.voxel_volume_mm3,
    )


def _by_another(
    chance: NDArray[np.float32], grid: Grid, rng: np.random.Generator
) -> NDArray[np.float32]:
    blurred = ndimage.gaussian_filter(
        chance, rng.uniform(*_BLUR_MM) / np.array(grid.spacing_mm)
    )
    times = np.exp(rng.uniform(*np.log(_SURER)))
    powers, others = blurred**times, (1 - blurred) ** times
    surer: NDArray[np.float32] = (powers / (powers + others)).astype(np.float32)
    return surer
