"""Volumes of rearfoot and forefoot as a function of the border's position."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.region_split import RegionSplit, VoxelPositions

OFFSETS_MM = tuple(float(mm) for mm in range(-5, 6))
"""About one slice either way; the literature does not agree on a border."""

SWEEP_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "offset_mm": "offset of the border toward the toes, in mm; 0 is the measured border",
        "rearfoot_cm3": "volume of the chosen muscles on the heel side, in cm3",
        "forefoot_cm3": "volume of the chosen muscles on the toe side, in cm3",
    }
)


def sweep_border(
    split: RegionSplit, muscles: Sequence[str], offsets_mm: Sequence[float] = OFFSETS_MM
) -> pd.DataFrame:
    """Measure rearfoot and forefoot with the border moved along the long axis.

    Parameters
    ----------
    muscles
        Abbreviations of the muscles that are summed.
    offsets_mm
        Positive toward the toes.

    Returns
    -------
    pandas.DataFrame
        One row per offset, the columns of `SWEEP_COLUMNS`.

    Notes
    -----
    A voxel cut by the moved plane is divided by volume, as in `RegionSplit.at`.
    """
    frame, position_mm = split.landmarks.frame, split.landmarks.border.position_mm
    chosen = [m.index for m in MUSCLES if m.abbreviation in muscles]
    is_chosen = np.isin(split.muscles.voxels, chosen)
    cm3_per_voxel = split.muscles.grid.voxel_volume_mm3 / 1e3
    boxes = ndimage.find_objects(is_chosen.astype(np.uint8))
    box = boxes[0] if boxes else (slice(0, 1),) * 3
    grid = split.muscles.grid.cropped(box)
    voxels_along = VoxelPositions.of(grid, frame).inside(is_chosen[box])
    rows: list[tuple[float, float, float]] = []
    for offset_mm in offsets_mm:
        rearfoot = voxels_along.fraction_behind(position_mm + offset_mm)
        voxels = float(rearfoot.sum(dtype=float))
        rows.append(
            (offset_mm, voxels * cm3_per_voxel, (rearfoot.size - voxels) * cm3_per_voxel)
        )
    return pd.DataFrame(rows, columns=list(SWEEP_COLUMNS))
