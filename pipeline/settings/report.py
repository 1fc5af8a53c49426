"""What the overlays show."""

from pydantic import BaseModel, Field


class ReportParams(BaseModel, frozen=True, extra="forbid"):
    """What the overlays show."""

    short_axis_levels: int = Field(default=6, ge=3, le=12)
    """Number of sections perpendicular to the long axis in each overlay."""
