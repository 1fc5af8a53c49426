"""One MR image of one foot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.immutable import read_only, reduce_to_constructor
from pipeline.errors import ScanError

SPACING_LIMITS_MM = (0.1, 20.0)


class Side(StrEnum):
    """Side of the body, not of the image."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def letter(self) -> str:
        """L or R, as DICOM and sidecars write it."""
        return self.value[0].upper()

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
"""Words for a side in headers and sidecars, in capitals."""


class Contrast(StrEnum):
    """Contrast of an image; the values are BIDS suffixes, or name a Dixon image."""

    T1W = "T1w"
    PDW = "PDw"
    T2W = "T2w"
    WATER = "water"
    FAT = "fat"

    @property
    def is_dixon(self) -> bool:
        """Whether the image shows the water or the fat of a Dixon acquisition."""
        return self in (Contrast.WATER, Contrast.FAT)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Intensities on a grid, with the parameters of the acquisition.

    The array is copied to float32 and locked, so a scan never changes.

    Parameters
    ----------
    intensity
        In the grid's shape. Arbitrary units before preprocessing, after which fat is
        near 1 on T1-weighted images.
    side
        Side of the body by header or table; None if neither gives it.
    acquisition
        BIDS sidecar fields (``MagneticFieldStrength``, ``EchoTime`` in s ...).

    Raises
    ------
    ValueError
        If array and grid differ in shape.
    ScanError
        If the image has NaN or infinite values, is constant, or has a voxel spacing outside
        0.1 to 20 mm.
    """

    intensity: NDArray[np.float32]
    grid: Grid
    contrast: Contrast = Contrast.T1W
    side: Side | None = None
    acquisition: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        intensity = read_only(self.intensity, np.float32)
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
        object.__setattr__(self, "intensity", intensity)
        object.__setattr__(self, "acquisition", MappingProxyType(dict(self.acquisition)))

    __reduce__ = reduce_to_constructor
