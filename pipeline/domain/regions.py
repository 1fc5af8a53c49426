"""Muscles shared out between rearfoot and forefoot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import FOREFOOT, REARFOOT, REGION_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import BACKGROUND, LabelMap, Segmentation
from pipeline.domain.landmarks import Landmarks
from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True, eq=False)
class RegionSplit:
    """Muscles, and the share of each voxel that lies in the rearfoot.

    Parameters
    ----------
    rearfoot_share
        0 to 1 per voxel of the muscles' grid: the part of the voxel's volume on
        the heel side of the border. The forefoot has the rest.
    """

    segmentation: Segmentation
    landmarks: Landmarks
    rearfoot_share: NDArray[np.float32]
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        share = np.array(self.rearfoot_share, dtype=np.float32)
        if share.shape != self.muscles.grid.shape:
            msg = f"Shares are {share.shape} but their grid is {self.muscles.grid.shape}"
            raise ValueError(msg)
        if share.size and not (share.min() >= 0 and share.max() <= 1):
            msg = f"Shares must lie in 0 to 1, got {share.min()} to {share.max()}"
            raise ValueError(msg)
        share.flags.writeable = False
        object.__setattr__(self, "rearfoot_share", share)

    @property
    def muscles(self) -> LabelMap:
        """The muscle labels that are shared out."""
        return self.segmentation.muscles

    @property
    def side(self) -> Side:
        """The side that the anatomy shows."""
        return self.segmentation.side

    def region_labels(self) -> LabelMap:
        """Label each muscle voxel by the region that holds the larger part."""
        nearer = np.where(self.rearfoot_share >= 0.5, REARFOOT, FOREFOOT)
        voxels = np.where(self.muscles.voxels == BACKGROUND, BACKGROUND, nearer)
        return LabelMap(voxels, self.muscles.grid, REGION_NAMES)
