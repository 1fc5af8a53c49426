"""Ground-truth partial-volume fractions of the tissues in each voxel of a scan."""

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition.slices import sample_slices
from pipeline.phantom.anatomy.foot import Foot, Tissue


def tissue_fractions(foot: Foot, grid: Grid, thickness_mm: float) -> NDArray[np.float32]:
    """Give the partial-volume fraction of each tissue in each voxel of a scan.

    Parameters
    ----------
    grid
        Grid of the scan.
    thickness_mm
        Slice thickness; slices may have gaps, and their profile is a box.

    Returns
    -------
    ndarray
        Shape (tissues, *grid.shape), in the order of `Tissue`, with a sum of 1. Fat inside
        muscle counts as fat.
    """
    fractions = np.empty((len(Tissue), *grid.shape), dtype=np.float32)
    for tissue in Tissue:
        mask = (foot.tissues == tissue).astype(np.float32)
        fractions[tissue] = sample_slices(mask, foot.grid, grid, thickness_mm)
    if foot.fat_fraction is not None:
        fat = np.where(foot.tissues == Tissue.MUSCLE, foot.fat_fraction, np.float32(0))
        inside = sample_slices(fat, foot.grid, grid, thickness_mm)
        fractions[Tissue.MUSCLE] -= inside
        fractions[Tissue.FAT] += inside
    return fractions
