"""How much of each voxel is fat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid

KNOWN = "known"


@dataclass(frozen=True, slots=True, eq=False)
class FatMap:
    """Fat fraction per voxel, and the limits that its calibration allows.

    The arrays are copied and locked. Noise may bring single voxels below 0 or above 1, so
    that means stay true; whoever reports a mean keeps it within 0 to 1.

    Parameters
    ----------
    fraction
        0 lean muscle, 1 pure fat.
    low, high
        The fraction under the calibration that gives least and most fat.
    method
        ``two-point``, ``dixon`` or ``known``.
    """

    fraction: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    grid: Grid
    method: str
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        for name in ("fraction", "low", "high"):
            values = np.array(getattr(self, name), dtype=np.float32)
            if values.shape != self.grid.shape or not np.isfinite(values).all():
                msg = f"Fat's {name} must be finite on {self.grid.shape}, got {values.shape}"
                raise ValueError(msg)
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @classmethod
    def known(cls, fraction: NDArray[np.float32], grid: Grid) -> "FatMap":
        """Make a map of what is known exactly, as of a digital foot."""
        return cls(fraction, fraction, fraction, grid, KNOWN)
