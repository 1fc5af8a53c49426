"""Muscles of the totals."""

from pydantic import BaseModel, Field, field_validator

from pipeline.domain.anatomy import MUSCLES, PLANTAR_MUSCLES


class MeasureParams(BaseModel, frozen=True, extra="forbid"):
    """Muscles of the totals."""

    muscles: tuple[str, ...] = Field(PLANTAR_MUSCLES, min_length=1)
    """Abbreviations of the muscles in the totals; reported beside the volumes."""

    @field_validator("muscles")
    @classmethod
    def _known(cls, muscles: tuple[str, ...]) -> tuple[str, ...]:
        known = [m.abbreviation for m in MUSCLES]
        unknown = [m for m in muscles if m not in known]
        if unknown or len(set(muscles)) < len(muscles):
            msg = f"each of {', '.join(known)} at most once, got {', '.join(muscles)}"
            raise ValueError(msg)
        return muscles
