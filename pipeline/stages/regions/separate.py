"""Separation of the muscles into rearfoot and forefoot."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.region_split import RegionSplit
from pipeline.stages.regions.find_landmarks import find_landmarks

STAGE = "regions"


class RegionsParams(BaseModel, frozen=True, extra="forbid"):
    """The border between rearfoot and forefoot."""

    border: Literal[
        "tmt1", "tmt1_proximal", "chopart", "naviculocuneiform", "mt5_base", "fraction"
    ] = "tmt1"
    """Landmark of the border plane, which is perpendicular to the long axis."""
    fraction: float | None = Field(None, gt=0, lt=1)
    """Position in foot lengths from the heel; for the border ``fraction`` only."""

    @model_validator(mode="after")
    def _fraction_goes_with_its_border(self) -> Self:
        if (self.border == "fraction") != (self.fraction is not None):
            msg = (
                "regions.fraction and regions.border = 'fraction' go together: "
                f"got border {self.border!r} and fraction {self.fraction}"
            )
            raise ValueError(msg)
        return self


def regions(segmentation: Segmentation, params: RegionsParams) -> RegionSplit:
    """Divide every muscle voxel between rearfoot and forefoot.

    Raises
    ------
    ScanError
        If a bone that defines the frame or the border is missing.
    """
    landmarks = find_landmarks(
        segmentation.bones, border=params.border, fraction=params.fraction
    )
    cautions = segmentation.cautions
    if landmarks.foot_length_mm is None:
        message = "The image cuts the heel or the toes, so the foot length is unknown."
        cautions += (Caution("foot-length-unknown", message, STAGE),)
    return RegionSplit.at(segmentation, landmarks, cautions)
