"""The border between rearfoot and forefoot."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator


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
