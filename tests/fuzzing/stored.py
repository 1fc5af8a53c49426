"""What the bytes of a file hold by its format, and whether that was read."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan

Array = NDArray[Any]
_PART_OF_VALUE = 1e-5


class UnreadableError(ValueError):
    """The bytes are ambiguous, so they must be refused."""


class MalformedError(UnreadableError):
    """Elements of a file do not follow each other as the format requires."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Voxels, and where they lie.

    Parameters
    ----------
    voxels
        In the file's own order of axes, the fastest first.
    affines
        Voxel index to world position (mm, RAS+), each as right as the others.
    is_doubtful
        Whether the file leaves open how it lies in the body, which a caution must say.
    part_of_voxel
        How far off a voxel may lie, for the rounding of what is stored.
    """

    voxels: Array
    affines: tuple[Array, ...]
    is_doubtful: bool = False
    part_of_voxel: float = 0.01


def held_to(judge: Callable[[], Stored]) -> Callable[[Scan | LabelMap], str]:
    """Give what says how a scan or label map differs from what the judge finds stored."""

    def fault_of(found: Scan | LabelMap) -> str:
        values = found.intensity if isinstance(found, Scan) else found.voxels
        with np.errstate(all="ignore"):
            try:
                stored = judge()
            except UnreadableError as error:
                return f"read, although {error}"
            faults = [_difference(values, found.grid, stored, a) for a in stored.affines]
        if stored.is_doubtful and isinstance(found, Scan) and not found.cautions:
            return "read without a caution, although it does not say how it lies in the body"
        return "" if "" in faults else faults[0]

    return fault_of


def certain(holds: Any, reason: str, error: type[UnreadableError] = UnreadableError) -> None:
    """Judge a file unreadable unless a condition holds."""
    if not holds:
        raise error(reason)


def _difference(values: Array, grid: Grid, stored: Stored, affine: Array) -> str:
    """Say how values on a grid differ from stored voxels, whatever the order of axes."""
    voxels = stored.voxels
    to_index = np.linalg.inv(grid.matrix) @ affine
    turn = np.rint(to_index[:3, :3])
    spacing_mm = min(*np.linalg.norm(affine[:3, :3], axis=0), *grid.spacing_mm)
    # 32-bit headers round distant positions
    rounding = 1e-6 * np.abs(affine[:3, 3]).max() / spacing_mm
    extent = np.array(voxels.shape)
    corners = np.array([*itertools.product(*((0, n - 1) for n in voxels.shape))])
    there = corners @ to_index[:3, :3].T + to_index[:3, 3]
    signed = np.abs(turn)
    is_turn = (signed.sum(axis=0) == 1).all() and (signed.sum(axis=1) == 1).all()
    if not is_turn or tuple((signed @ extent).astype(int)) != tuple(values.shape):
        return f"has {values.shape} voxels of {grid.spacing_mm} mm, stored are {voxels.shape}"
    start = np.where(turn.sum(axis=1) < 0, np.array(values.shape) - 1, 0)
    off = np.abs(there - (corners @ turn.T + start)).max()
    if not off <= stored.part_of_voxel + rounding:
        return f"lies {off:.3g} voxels off, affine {grid.matrix[:3].round(3).tolist()}"
    order = signed.argmax(axis=1)
    turned = voxels.transpose(order)
    turned = turned[tuple(slice(None, None, -1 if s else 1) for s in start > 0)]
    largest = float(np.abs(turned).max())
    close = np.isclose(values, turned, rtol=_PART_OF_VALUE, atol=1e-6 * largest + 1e-44)
    return "" if close.all() else f"{np.count_nonzero(~close)} of {close.size} voxels differ"
