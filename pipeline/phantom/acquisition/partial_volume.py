"""How much of each voxel of a scan is which tissue: the truth of partial volume."""

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition.slices import sampled
from pipeline.phantom.anatomy.foot import Foot, Tissue


def tissue_fractions(foot: Foot, grid: Grid, thickness_mm: float) -> NDArray[np.float32]:
    """Give the part of each voxel's volume that each tissue of a foot fills.

    Parameters
    ----------
    grid
        Of the scan.
    thickness_mm
        Of its slices, which may have gaps between them; their profile is a box.

    Returns
    -------
    ndarray
        Shape (tissues, *grid.shape), in the order of `Tissue`, adding up to 1. Fat inside
        muscle counts as fat.
    """
    fractions = np.empty((len(Tissue), *grid.shape), dtype=np.float32)
    for tissue in Tissue:
        part = (foot.tissues == tissue).astype(np.float32)
        fractions[tissue] = sampled(part, foot.grid, grid, thickness_mm)
    if foot.fat_fraction is not None:
        fat = np.where(foot.tissues == Tissue.MUSCLE, foot.fat_fraction, np.float32(0))
        inside = sampled(fat, foot.grid, grid, thickness_mm)
        fractions[Tissue.MUSCLE] -= inside
        fractions[Tissue.FAT] += inside
    return fractions
