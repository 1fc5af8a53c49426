"""Muscles divided into rearfoot and forefoot."""

from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import FOREFOOT, REARFOOT, REGION_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.immutable import read_only, reduce_to_constructor
from pipeline.domain.labels import BACKGROUND, LabelMap, Segmentation
from pipeline.domain.landmarks import FootFrame, Landmarks
from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True, eq=False)
class RegionSplit:
    """Muscles, and the fraction of each voxel that lies in the rearfoot.

    Parameters
    ----------
    rearfoot_fraction
        Partial-volume fraction, 0 to 1, in the muscles' grid: how much of the voxel is on
        the heel side of the border. The rest is forefoot. Copied and locked.

    Raises
    ------
    ValueError
        If the fractions have another shape than the grid, or a value outside 0 to 1.
    """

    segmentation: Segmentation
    landmarks: Landmarks
    rearfoot_fraction: NDArray[np.float32]
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        fraction = read_only(self.rearfoot_fraction, np.float32)
        if fraction.shape != self.muscles.grid.shape:
            msg = f"Fractions are {fraction.shape} but their grid is {self.muscles.grid.shape}"
            raise ValueError(msg)
        if not (fraction.min() >= 0 and fraction.max() <= 1):
            msg = f"Fractions must be 0 to 1, got {fraction.min():g} to {fraction.max():g}"
            raise ValueError(msg)
        object.__setattr__(self, "rearfoot_fraction", fraction)

    __reduce__ = reduce_to_constructor

    @classmethod
    def at(
        cls,
        segmentation: Segmentation,
        landmarks: Landmarks,
        cautions: tuple[Caution, ...] = (),
    ) -> "RegionSplit":
        """Divide a segmentation at the border of its landmarks."""
        grid, border = segmentation.muscles.grid, landmarks.border
        fraction = fraction_behind(grid, landmarks.frame, border.position_mm)
        return cls(segmentation, landmarks, fraction, cautions)

    @property
    def muscles(self) -> LabelMap:
        """The muscle labels."""
        return self.segmentation.muscles

    @property
    def side(self) -> Side:
        """The side of the body, from the anatomy."""
        return self.segmentation.side

    def region_labels(self) -> LabelMap:
        """Label each muscle voxel with the region that has the larger fraction of it."""
        larger = np.where(self.rearfoot_fraction >= 0.5, REARFOOT, FOREFOOT)
        voxels = np.where(self.muscles.voxels == BACKGROUND, BACKGROUND, larger)
        return LabelMap(voxels, self.muscles.grid, REGION_NAMES)


def fraction_behind(grid: Grid, frame: FootFrame, position_mm: float) -> NDArray[np.float32]:
    """Compute the fraction of each voxel on the heel side of a plane.

    Parameters
    ----------
    position_mm
        Position along the long axis, to which the plane is perpendicular.

    Returns
    -------
    ndarray
        Float32, 0 to 1, in the grid's shape.

    Notes
    -----
    Exact for parallelepipeds: the volume of a unit cube below a plane by inclusion
    and exclusion of its corners (Scardovelli and Zaleski 2000, J Comput Phys 164:228).
    """
    return VoxelPositions.of(grid, frame).fraction_behind(position_mm)


@dataclass(frozen=True, slots=True, eq=False)
class VoxelPositions:
    """Where voxels lie along the long axis of a foot, for several planes across it.

    Parameters
    ----------
    along_mm
        Centre of each voxel, from that of the grid's first voxel.
    start_mm
        Position of the grid's first voxel.
    extents_mm
        Of the three edges of a voxel along the axis.
    """

    along_mm: NDArray[np.float64]
    start_mm: float
    extents_mm: NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid, frame: FootFrame) -> Self:
        """Project all voxels of a grid."""
        steps = np.array(frame.long) @ grid.matrix[:3, :3]
        start = (grid.matrix[:3, 3] - np.array(frame.origin)) @ np.array(frame.long)
        planes = (step * np.arange(n) for step, n in zip(steps, grid.shape, strict=True))
        return cls(reduce(np.add, np.ix_(*planes)), start, np.abs(steps))

    def inside(self, mask: NDArray[np.bool_]) -> Self:
        """Keep the voxels of a mask, in one dimension."""
        return replace(self, along_mm=self.along_mm[mask])

    def fraction_behind(self, position_mm: float) -> NDArray[np.float32]:
        """Compute the fraction of each voxel on the heel side of a plane, as the function."""
        ahead = position_mm - self.start_mm - self.along_mm  # mm from voxel centre to plane
        return fraction_below(ahead, self.extents_mm).astype(np.float32)


def fraction_below(
    ahead_mm: NDArray[np.float64], extents_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the fraction of equal voxels below a plane.

    Parameters
    ----------
    ahead_mm
        From the centre of each voxel to the plane, along its normal.
    extents_mm
        Of the three edges of a voxel along the normal, not negative.

    Notes
    -----
    As `fraction_behind`.
    """
    extents = np.maximum(extents_mm, 1e-3 * extents_mm.max())  # 0 for an axis in the plane
    below = ahead_mm + extents.sum() / 2

    fraction = (ahead_mm > 0).astype(np.float64)
    is_cut = (below > 0) & (below < extents.sum())
    cut = np.zeros(np.count_nonzero(is_cut))
    for corner in product((0, 1), repeat=3):
        cut += (-1) ** sum(corner) * np.maximum(below[is_cut] - extents @ corner, 0) ** 3
    fraction[is_cut] = np.clip(cut / (6 * extents.prod()), 0, 1)
    return fraction
