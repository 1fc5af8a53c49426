"""A digital foot: the tissue of every voxel and its ground-truth labels."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side

PHANTOM = "phantom"


class Tissue(IntEnum):
    """Tissues that differ in MR signal."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    TENDON = 4  # also ligament, aponeurosis and fascia
    CORTEX = 5
    MARROW = 6
    FLUID = 7
    BLOOD = 8
    CARTILAGE = 9
    NERVE = 10
    OEDEMA = 11


@dataclass(frozen=True, slots=True, eq=False)
class Foot:
    """Tissues, muscles and bones of one foot on one isotropic grid.

    Parameters
    ----------
    tissues
        A `Tissue` per voxel, uint8. Outside the grid there is air, except where the leg
        is cut off.
    truth
        Ground truth: muscle and bone labels of the same voxels, exact by construction.
    fat_fraction
        Fat fraction of each muscle voxel, 0 to 1; None if no muscle contains fat.

    Raises
    ------
    ValueError
        If the arrays differ in shape, or a fat fraction is not within 0 to 1.
    """

    tissues: NDArray[np.integer[Any]]
    truth: Segmentation
    fat_fraction: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        tissues = np.array(self.tissues, dtype=np.uint8)
        if tissues.shape != self.grid.shape:
            msg = f"Tissues are {tissues.shape} but their grid is {self.grid.shape}"
            raise ValueError(msg)
        tissues.flags.writeable = False
        object.__setattr__(self, "tissues", tissues)
        if self.fat_fraction is not None:
            fat = np.array(self.fat_fraction, dtype=np.float32)
            if fat.shape != tissues.shape or fat.min() < 0 or fat.max() > 1:
                msg = f"Fat fractions must be 0 to 1 on {tissues.shape}, got {fat.shape}"
                raise ValueError(msg)
            fat.flags.writeable = False
            object.__setattr__(self, "fat_fraction", fat)

    @property
    def grid(self) -> Grid:
        """Grid of the voxels (RAS+, mm)."""
        return self.truth.muscles.grid

    @property
    def side(self) -> Side:
        """Side of the body."""
        return self.truth.side

    def moved(self, transform: ArrayLike) -> "Foot":
        """Apply a rigid transform: only the affine changes, the voxels stay.

        Parameters
        ----------
        transform
            Rigid 4 x 4 matrix, world to world, mm.
        """
        grid = Grid.from_arrays(self.grid.shape, np.asarray(transform) @ self.grid.matrix)
        muscles, bones = (
            LabelMap(m.voxels, grid, m.names) for m in (self.truth.muscles, self.truth.bones)
        )
        return replace(self, truth=replace(self.truth, muscles=muscles, bones=bones))
