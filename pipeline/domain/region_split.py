"""Muscles shared out between rearfoot and forefoot."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import FOREFOOT, REARFOOT, REGION_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap, Segmentation
from pipeline.domain.landmarks import FootFrame, Landmarks
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

    @classmethod
    def at(
        cls,
        segmentation: Segmentation,
        landmarks: Landmarks,
        cautions: tuple[Caution, ...] = (),
    ) -> "RegionSplit":
        """Part a segmentation at the border that its landmarks give."""
        grid, border = segmentation.muscles.grid, landmarks.border
        share = share_behind(grid, landmarks.frame, border.position_mm)
        return cls(segmentation, landmarks, share, cautions)

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


def share_behind(grid: Grid, frame: FootFrame, position_mm: float) -> NDArray[np.float32]:
    """Give the part of each voxel's volume on the heel side of a plane.

    Parameters
    ----------
    position_mm
        Where the plane cuts the long axis, to which it is perpendicular.

    Returns
    -------
    ndarray
        0 to 1, in the grid's shape.

    Notes
    -----
    Exact for parallelepipeds: the volume of a unit cube below a plane by inclusion
    and exclusion of its corners (Scardovelli and Zaleski 2000, J Comput Phys 164:228).
    """
    steps = np.array(frame.long) @ grid.matrix[:3, :3]
    start = (grid.matrix[:3, 3] - np.array(frame.origin)) @ np.array(frame.long)
    planes = (step * np.arange(n) for step, n in zip(steps, grid.shape, strict=True))
    ahead = position_mm - start - sum(np.ix_(*planes))  # mm from voxel centre to plane
    extents = np.abs(steps)
    extents = np.maximum(extents, 1e-3 * extents.max())  # a step in the plane has no extent
    below = ahead + extents.sum() / 2

    share: NDArray[np.float32] = (ahead > 0).astype(np.float32)
    is_cut = (below > 0) & (below < extents.sum())
    cut = np.zeros(np.count_nonzero(is_cut))
    for corner in product((0, 1), repeat=3):
        cut += (-1) ** sum(corner) * np.maximum(below[is_cut] - extents @ corner, 0) ** 3
    share[is_cut] = np.clip(cut / (6 * extents.prod()), 0, 1)
    return share
