"""Limits of the quality gates."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

UPPER = ("pixel_mm", "slice_mm", "clipped_percent", "ghost_percent", "cut_ends", "feet")
"""Gates with an upper limit; the others have a lower one."""


class QualityParams(BaseModel, frozen=True, extra="forbid"):
    """Limits beyond which each gate cautions and refuses; None for never."""

    enforce: bool = True
    """Whether a scan may be refused; otherwise refusals become cautions."""
    pixel_mm_caution: float | None = Field(1.2, gt=0)
    """The smallest plantar muscles are 5 mm thick: fewer than four pixels."""
    pixel_mm_refusal: float | None = Field(3.0, gt=0)
    slice_mm_caution: float | None = Field(5.0, gt=0)
    """The transverse head of the adductor is 25 mm long: five slices."""
    slice_mm_refusal: float | None = Field(10.0, gt=0)
    length_mm_caution: float | None = Field(170.0, ge=0)
    """Heel to ball is 165 to 181 mm (docs/quality.md)."""
    length_mm_refusal: float | None = Field(120.0, ge=0)
    cut_ends_caution: float | None = Field(1, ge=0)
    cut_ends_refusal: float | None = Field(None, ge=0)
    snr_caution: float | None = Field(10.0, ge=0)
    snr_refusal: float | None = Field(4.0, ge=0)
    contrast_caution: float | None = Field(0.48, ge=0, le=1)
    contrast_refusal: float | None = Field(0.15, ge=0, le=1)
    clipped_percent_caution: float | None = Field(0.1, ge=0)
    clipped_percent_refusal: float | None = Field(50.0, ge=0)
    ghost_percent_caution: float | None = Field(2.0, ge=0)
    ghost_percent_refusal: float | None = Field(None, ge=0)
    agreement_caution: float | None = Field(0.5, ge=-1, le=1)
    agreement_refusal: float | None = Field(None, ge=-1, le=1)
    dim_end_caution: float | None = Field(0.53, ge=0)
    dim_end_refusal: float | None = Field(None, ge=0)
    feet_caution: float | None = Field(2, ge=0)
    feet_refusal: float | None = Field(None, ge=0)

    def limits(self, gate: str) -> tuple[float | None, float | None]:
        """Give the limits beyond which a gate cautions and refuses."""
        return getattr(self, f"{gate}_caution"), getattr(self, f"{gate}_refusal")

    @model_validator(mode="after")
    def _refusals_lie_beyond(self) -> Self:
        names = (n.removesuffix("_caution") for n in type(self).model_fields if "caution" in n)
        for gate in names:
            caution, refusal = self.limits(gate)
            if caution is None or refusal is None:
                continue
            if refusal < caution if gate in UPPER else refusal > caution:
                msg = (
                    f"{gate}_refusal must lie beyond {gate}_caution, got {refusal:g} and "
                    f"{caution:g}"
                )
                raise ValueError(msg)
        return self
