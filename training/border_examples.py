"""Borders to learn from: voxels of scans, and which part of each is muscle."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.segmenters.borders import border_features
from training.seen_scans import SCAN_STREAM, seen_scan

_OTHER_NETWORKS = 0.2  # of scans show the chances of a coarser, surer or less sure network
_BLUR_MM = (0.0, 1.5)  # SD
_SURER = (0.7, 3.0)  # times the log odds
_VOXELS = 20_000  # of each scan, so that large ones do not count for more
_LABELS = len(MUSCLE_NAMES) + 1


@dataclass(frozen=True, slots=True, eq=False)
class BorderExample:
    """Some of the voxels at the borders of one scan, and how much muscle lies elsewhere.

    Parameters
    ----------
    features
        (voxels, `FEATURES`) of `pipeline.segmenters.borders`.
    muscles
        Label of the likeliest muscle of each voxel.
    share
        Part of each voxel that is muscle.
    voxel_mm3
        Volume that each of these voxels stands for.
    excess_mm3
        By label, what the networks are sure of less what there is, away from the borders.
    """

    features: NDArray[np.float32]
    muscles: NDArray[np.uint8]
    share: NDArray[np.float32]
    voxel_mm3: float
    excess_mm3: NDArray[np.floating]


def border_example(index: int, folder: Path) -> BorderExample:
    """Draw voxels at the borders of scan `index`, as a network sees them or another might."""
    seen, rng = seen_scan(index, folder), np.random.default_rng((SCAN_STREAM, index, 1))
    grid, muscles = seen.grid, seen.muscles
    chance, share = seen.chance.astype(np.float32), seen.share.astype(np.float32)
    if rng.random() < _OTHER_NETWORKS:
        chance = _by_another(chance, grid, rng)
    is_border, features = border_features(seen.intensity.astype(np.float32), grid, chance)
    elsewhere = ~is_border
    excess = ((chance > 0.5) - share)[elsewhere]
    kept = rng.permutation(len(features))[:_VOXELS]
    return BorderExample(
        features[kept],
        muscles[is_border][kept],
        share[is_border][kept],
        grid.voxel_volume_mm3 * len(features) / len(kept),
        np.bincount(muscles[elsewhere], excess, _LABELS) * grid.voxel_volume_mm3,
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
