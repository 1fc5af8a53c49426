"""Fat fraction of every voxel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.immutable import read_only, reduce_to_constructor

KNOWN = "known"


@dataclass(frozen=True, slots=True, eq=False)
class FatMap:
    """Fat fraction of every voxel, and its limits under the uncertainty of the calibration.

    The arrays are copied and locked. Values of single voxels may lie outside 0 to 1 because
    of noise: clipping them would bias means. Clip a mean before it is reported.

    Parameters
    ----------
    fraction
        Float32; 0 is lean muscle, 1 pure fat.
    low, high
        The fraction under the calibration that gives the least and the most fat.
    method
        ``two-point``, ``dixon`` or ``known``.

    Raises
    ------
    ValueError
        If an array is not finite or not of the grid's shape.
    """

    fraction: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    grid: Grid
    method: str
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        for name in ("fraction", "low", "high"):
            values = read_only(getattr(self, name), np.float32)
            if values.shape != self.grid.shape or not np.isfinite(values).all():
                msg = (
                    f"Fat's {name} must be finite in every voxel of {self.grid.shape}, "
                    f"got shape {values.shape}"
                )
                raise ValueError(msg)
            object.__setattr__(self, name, values)

    __reduce__ = reduce_to_constructor

    @classmethod
    def known(cls, fraction: NDArray[np.float32], grid: Grid) -> "FatMap":
        """Make a map of fractions that are known exactly, as in a digital foot."""
        return cls(fraction, fraction, fraction, grid, KNOWN)
