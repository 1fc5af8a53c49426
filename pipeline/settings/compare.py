"""How groups are compared."""

from typing import Literal

from pydantic import BaseModel, Field

from pipeline.domain.outcomes import Quantity


class CompareParams(BaseModel, frozen=True, extra="forbid"):
    """How groups are compared."""

    group_column: str = Field(default="group", min_length=1)
    """Column of volumes.tsv or participants.tsv that names each participant's group."""
    reference: str = Field(default="healthy", min_length=1)
    """Group a; differences are group a minus group b."""
    family: Literal["absolute", "per_body_mass", "per_foot_length"] = "per_body_mass"
    """Family of outcomes that the question of the study is about: the report shows it first.
    All families are compared."""
    test: Literal["welch", "student"] = "welch"
    """Unequal variances (welch) or a pooled variance (student). With more than two groups:
    Welch's analysis of variance and Games-Howell, or the classical one and Tukey."""
    design: Literal["independent", "paired"] = "independent"
    """Different people in the groups, or two limbs of the same ones."""
    pair_column: str = Field(default="pair", min_length=1)
    """Column that names the pair of a participant, for the paired design."""
    covariates: tuple[str, ...] = ("body_mass_kg", "foot_length_mm")
    """Columns that absolute volumes are adjusted for (ANCOVA); empty for no adjustment."""
    permutations: int = Field(default=9999, ge=0, le=1_000_000)
    """Random permutations where there are too many for an exact test; 0 for no test."""
    seed: int = Field(default=20, ge=0)
    """Seed of the random permutations."""
    power: float = Field(default=0.8, gt=0.05, lt=1)
    """Power with which the smallest detectable effect is detected."""
    repeat_column: str = Field(default="repeat_of", min_length=1)
    """Column that names the participant whose scan is repeated; repeats give the
    measurement error."""
    mdc95_percent: float | None = Field(default=None, gt=0)
    """Smallest detectable change of one foot, in per cent of the mean; used for the regions
    where there are no repeats and no intervals."""
    latex: bool = False
    """Whether statistics.tex is written."""
    csv: bool = False
    """Whether statistics.csv is written."""

    @property
    def main_quantity(self) -> Quantity:
        """The form of the volumes in the main family."""
        return next(q for q in Quantity if q.family.replace(" ", "_") == self.family)
