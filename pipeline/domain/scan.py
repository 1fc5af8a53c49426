"""One image of one foot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.errors import ScanError

SPACING_LIMITS_MM = (0.1, 20.0)


class Side(StrEnum):
    """Side of the body, never of the picture."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.LEFT if self is Side.RIGHT else Side.RIGHT


SIDE_WORDS: Mapping[str, Side] = MappingProxyType(
    {
        **dict.fromkeys(("R", "RT", "RIGHT"), Side.RIGHT),
        **dict.fromkeys(("L", "LT", "LEFT"), Side.LEFT),
    }
)
"""What headers and sidecars call a side, in capitals; any other word names none."""


class Contrast(StrEnum):
    """What makes tissues differ in brightness; the values are BIDS names."""

    T1W = "T1w"
    PDW = "PDw"
    T2W = "T2w"
    WATER = "water"
    FAT = "fat"


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Intensities on a grid, with what is known of how they were taken.

    The array is copied to float32 and locked, so a scan never changes once made.

    Parameters
    ----------
    intensity
        One number per voxel; arbitrary units until preprocessing, where fat is
        near 1 on T1-weighted images.
    side
        The side that header or table claim; None if nothing says so.
    acquisition
        BIDS sidecar fields (``MagneticFieldStrength``, ``EchoTime`` in s ...).

    Raises
    ------
    ScanError
        If the image is not 3-D, holds NaN or infinite values, is constant, or
        has a voxel spacing outside 0.1 to 20 mm.
    """

    intensity: NDArray[np.float32]
    grid: Grid
    contrast: Contrast = Contrast.T1W
    side: Side | None = None
    acquisition: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        intensity = np.array(self.intensity, dtype=np.float32)
        if intensity.shape != self.grid.shape:
            msg = f"Intensities are {intensity.shape} but their grid is {self.grid.shape}"
            raise ValueError(msg)
        if not np.isfinite(intensity).all():
            count = np.count_nonzero(~np.isfinite(intensity))
            msg = (
                f"Every voxel of a scan must hold a finite number: got {count} NaN or infinite "
                f"of {intensity.size}. Export the image again from the scanner's original."
            )
            raise ScanError(msg)
        if intensity.min() == intensity.max():
            msg = (
                f"A scan must show something: got the constant {intensity.flat[0]:g} in every "
                "voxel. Export the image again from the scanner's original."
            )
            raise ScanError(msg)
        low, high = SPACING_LIMITS_MM
        if min(self.grid.spacing_mm) < low or max(self.grid.spacing_mm) > high:
            got = " x ".join(f"{s:g}" for s in self.grid.spacing_mm)
            msg = (
                f"Voxel spacing must lie between {low} and {high} mm: got {got} mm. "
                "Correct the header, or convert the scanner's original again."
            )
            raise ScanError(msg)
        intensity.flags.writeable = False
        object.__setattr__(self, "intensity", intensity)
        object.__setattr__(self, "acquisition", MappingProxyType(dict(self.acquisition)))
