"""Which structure each voxel belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Side
from pipeline.errors import GridMismatchError

BACKGROUND = 0


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """One integer per voxel, each naming one structure.

    The array is copied and locked, so a label map never changes once made.

    Raises
    ------
    ValueError
        If array and grid differ in shape, or a label has no name.
    TypeError
        If the labels are not whole numbers.
    """

    voxels: NDArray[np.integer[Any]]
    grid: Grid
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        voxels = np.asarray(self.voxels)
        if voxels.shape != self.grid.shape:
            msg = f"Label map is {voxels.shape} but its grid is {self.grid.shape}"
            raise ValueError(msg)
        if not np.issubdtype(voxels.dtype, np.integer):
            msg = f"Labels must be whole numbers, got {voxels.dtype}"
            raise TypeError(msg)
        if not self.names or min(self.names) <= BACKGROUND:
            msg = f"Labels need names and numbers above {BACKGROUND}: {dict(self.names)}"
            raise ValueError(msg)
        unknown = sorted(set(np.unique(voxels).tolist()) - {BACKGROUND, *self.names})
        if unknown:
            msg = f"Label map holds labels with no name: {unknown}"
            raise ValueError(msg)
        locked = voxels.astype(np.uint8 if max(self.names) < 256 else np.uint16)
        locked.flags.writeable = False
        object.__setattr__(self, "voxels", locked)
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))

    def volume_mm3(self, label: int) -> float:
        """Voxel count times the volume of one voxel."""
        return float(np.count_nonzero(self.voxels == label)) * self.grid.voxel_volume_mm3


def check_one_grid(first: LabelMap, second: LabelMap, *, what: str, advice: str) -> None:
    """Refuse two label maps that do not lie on one grid.

    Raises
    ------
    GridMismatchError
        With both shapes and the distance between the grids' corners.
    """
    if not first.grid.matches(second.grid):
        apart_mm = first.grid.max_offset_mm(second.grid)
        msg = (
            f"{what} must lie on one grid: got shapes {first.grid.shape} and "
            f"{second.grid.shape}, corners up to {apart_mm:.2f} mm apart. {advice}"
        )
        raise GridMismatchError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """Muscles and bones of one foot, on one grid.

    Parameters
    ----------
    side
        The side that the anatomy shows.
    segmenter
        Name of what made it, for provenance.
    probability
        That a voxel is muscle of any kind, float32, 0 to 1; None where nobody reckoned it.
    """

    muscles: LabelMap
    bones: LabelMap
    side: Side
    segmenter: str
    cautions: tuple[Caution, ...] = ()
    probability: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        check_one_grid(
            self.muscles,
            self.bones,
            what="Muscles and bones",
            advice="Run the segment stage again on this scan.",
        )
