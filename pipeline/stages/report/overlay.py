"""The picture by which an anatomist judges a segmentation."""

from pydantic import BaseModel, Field

from pipeline.domain.regions import RegionSplit
from pipeline.domain.scan import Scan


class ReportParams(BaseModel, frozen=True, extra="forbid"):
    """What the pictures of the report show."""

    short_axis_levels: int = Field(default=6, ge=3, le=12)
    """Slices across the foot in each overlay."""


def overlay(scan: Scan, split: RegionSplit, params: ReportParams) -> bytes:
    """Draw the muscles and the border over the scan, as PNG."""
    raise NotImplementedError
