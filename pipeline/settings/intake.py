"""Which scans are accepted, and which series is measured if a source has several."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

Number = Annotated[str, BeforeValidator(str)]


class SeriesRules(BaseModel, frozen=True, extra="forbid"):
    """Which DICOM series is measured if a source has several."""

    series: Number | None = Field(None, pattern="^[0-9]+(-[0-9]+)?$")
    """DICOM series to take, as the table of candidates names it: ``5``, or ``5-2`` if a
    series has several volumes; if unset, the rules below decide."""
    description: str | None = Field(None, min_length=1)
    """Rule: shell pattern for the series description or protocol name, case-insensitive."""
    contrast: Literal["T1w", "PDw", "T2w", "water", "fat", "in", "opposed"] | None = None
    """Rule: contrast that the header states."""
    plane: Literal["sagittal", "coronal", "axial"] | None = None
    """Rule: scanner plane closest to the slices."""
    max_pixel_mm: float | None = Field(None, gt=0)
    """Rule: largest in-plane spacing, in mm."""
    max_slice_mm: float | None = Field(None, gt=0)
    """Rule: largest slice spacing, in mm, from the slice positions."""


class LateralityParams(BaseModel, frozen=True, extra="forbid"):
    """Which feet are accepted."""

    accept_left: bool = False
    """Whether a left foot is accepted, to be measured as a left foot."""


class IntakeParams(SeriesRules, LateralityParams, frozen=True, extra="forbid"):
    """Which scans are accepted, and which series is measured if a source has several."""

    suffix: Literal["T1w", "PDw", "T2w"] = "T1w"
    """Weighting of images whose own name does not state it, as BIDS writes it."""
