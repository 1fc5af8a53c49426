"""The settings of an effect: how two groups differ."""

from importlib.resources import files
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from pipeline.domain.anatomy import MUSCLES

LARGEST_D = 5.0
_ENDING = ".toml"


class TargetD(BaseModel, frozen=True, extra="forbid"):
    """Cohen's d of mm3 per kg of body mass: reference minus affected, over the pooled SD.

    Effect sizes that are None are not controlled.
    """

    rearfoot: float | None = Field(default=None, ge=-LARGEST_D, le=LARGEST_D)
    """Of the plantar muscle volume proximal to the border."""
    forefoot: float | None = Field(default=None, ge=-LARGEST_D, le=LARGEST_D)
    """Of the plantar muscle volume distal to the border."""
    total: float | None = Field(default=None, ge=-LARGEST_D, le=LARGEST_D)
    """Of the total plantar muscle volume."""

    @property
    def is_any(self) -> bool:
        """Whether any effect size is given."""
        return any(d is not None for d in (self.rearfoot, self.forefoot, self.total))


class Effect(BaseModel, frozen=True, extra="forbid"):
    """How the affected group differs from the reference group."""

    description: str = Field(min_length=1)
    """One line for the dataset's README."""
    reference: str = Field(default="healthy", pattern=r"^\w+$")
    """Name of the group without the effect."""
    affected: str = Field(default="plantar_fasciitis", pattern=r"^\w+$")
    """Name of the group with smaller muscles."""
    muscles: tuple[str, ...] = Field(min_length=1)
    """Abbreviations of the muscles that are smaller."""
    atrophy: float = Field(ge=0, le=0.9)
    """Fraction of these muscles' volume replaced by fat, before effect sizes are matched."""
    fat_fraction: float | None = Field(default=None, ge=0.05, le=0.6)
    """Mean fat fraction of the remaining muscle; by default as in the reference group."""
    fascia_thickening_mm: float = Field(default=0.0, ge=0, le=6)
    """Added to the plantar aponeurosis at its calcaneal origin."""
    oedema_mm: float = Field(default=0.0, ge=0, le=8)
    """Thickness of oedema around that origin."""
    cohens_d: TargetD = Field(default_factory=TargetD)
    """Sample effect sizes of the ground-truth volumes."""

    @field_validator("muscles")
    @classmethod
    def _known(cls, muscles: tuple[str, ...]) -> tuple[str, ...]:
        known = [m.abbreviation for m in MUSCLES]
        if not set(muscles) <= set(known) or len(set(muscles)) < len(muscles):
            msg = f"must be each of {', '.join(known)} at most once"
            raise ValueError(msg)
        return muscles

    @model_validator(mode="after")
    def _groups_differ(self) -> Self:
        if self.reference == self.affected:
            msg = f"the two groups must have two names, got {self.reference!r} twice"
            raise ValueError(msg)
        return self

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels of the muscles that are smaller."""
        return tuple(m.index for m in MUSCLES if m.abbreviation in self.muscles)


def effect_names() -> tuple[str, ...]:
    """Give the names of the packaged effects."""
    entries = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(n.removesuffix(_ENDING) for n in entries if n.endswith(_ENDING)))


def packaged_effect(name: str) -> str:
    """Give the TOML text of a packaged effect."""
    return files(__package__).joinpath(f"{name}{_ENDING}").read_text("utf-8")
