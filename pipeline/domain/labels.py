"""Label maps, and the segmentation of one foot."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.immutable import read_only, reduce_to_constructor
from pipeline.domain.scan import Side
from pipeline.errors import GridMismatchError

BACKGROUND = 0


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """An integer label per voxel, and the name of each label.

    The array is copied and locked, so a label map never changes.

    Parameters
    ----------
    voxels
        Integers in the grid's shape; stored as uint8, or uint16 if a label exceeds 255.
    names
        Name of every label above 0, the background.

    Raises
    ------
    ValueError
        If array and grid differ in shape, a label has no name, or a name has no positive
        label.
    TypeError
        If the labels are not integers.
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
            msg = f"Labels must be integers, got {voxels.dtype}"
            raise TypeError(msg)
        if not self.names or min(self.names) <= BACKGROUND:
            msg = f"Labels need names and numbers above {BACKGROUND}: {dict(self.names)}"
            raise ValueError(msg)
        unknown = sorted(set(np.unique(voxels).tolist()) - {BACKGROUND, *self.names})
        if unknown:
            msg = f"Label map holds labels with no name: {unknown}"
            raise ValueError(msg)
        dtype = np.uint8 if max(self.names) < 256 else np.uint16
        object.__setattr__(self, "voxels", read_only(voxels, dtype))
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))

    __reduce__ = reduce_to_constructor

    def volume_mm3(self, label: int) -> float:
        """Volume of a structure: its number of voxels times the volume of one."""
        return float(np.count_nonzero(self.voxels == label)) * self.grid.voxel_volume_mm3

    def centroid_mm(self, label: int) -> NDArray[np.float64]:
        """Mean position of a structure's voxels, world RAS in mm; nan if there are none."""
        points_mm = self.grid.to_world(np.argwhere(self.voxels == label))
        centroid_mm: NDArray[np.float64] = points_mm.mean(axis=0)
        return centroid_mm

    def touches_edge(self, label: int) -> bool:
        """Whether a structure reaches the outermost voxels of the image."""
        return any(
            (np.moveaxis(self.voxels, axis, 0)[[0, -1]] == label).any() for axis in range(3)
        )


def check_one_grid(first: LabelMap, second: LabelMap, *, what: str, advice: str) -> None:
    """Check that two label maps are on one grid.

    Parameters
    ----------
    what, advice
        Subject and last sentence of the error message.

    Raises
    ------
    GridMismatchError
        If their grids differ by more than rounding in headers.
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
        Side of the body, from the anatomy.
    segmenter
        Name of the segmenter, for provenance.
    probability
        Probability of muscle of any kind, float32, 0 to 1, in the grid's shape; copied and
        locked. None if the segmenter gives none.

    Raises
    ------
    GridMismatchError
        If muscles and bones are not on one grid.
    TypeError
        If the probability is not float32.
    ValueError
        If the probability has another shape, or a value outside 0 to 1.
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
        if self.probability is not None:
            checked = _check_probability(self.probability, self.muscles.grid.shape)
            object.__setattr__(self, "probability", read_only(checked))

    __reduce__ = reduce_to_constructor


def _check_probability(
    probability: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if probability.dtype != np.float32:
        msg = f"Probabilities must be float32, got {probability.dtype}"
        raise TypeError(msg)
    if probability.shape != shape:
        msg = f"Probabilities are {probability.shape} but their grid is {shape}"
        raise ValueError(msg)
    if not (probability.min() >= 0 and probability.max() <= 1):
        msg = (
            "Probabilities must be between 0 and 1, got "
            f"{probability.min():g} to {probability.max():g}"
        )
        raise ValueError(msg)
    return probability
