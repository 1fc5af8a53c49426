"""The outcomes in which groups are compared: volumes of regions and of muscles."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.anatomy import MUSCLES, REGIONS


class Quantity(StrEnum):
    """Form in which a volume is compared; the value is the end of its column's name."""

    VOLUME = "cm3"
    PER_BODY_MASS = "mm3_per_kg"
    PER_FOOT_LENGTH = "mm3_per_mm"

    @property
    def family(self) -> str:
        """Name of the family of the regions' outcomes in this form."""
        return _FAMILIES[self]


_FAMILIES = {
    Quantity.VOLUME: "absolute",
    Quantity.PER_BODY_MASS: "per body mass",
    Quantity.PER_FOOT_LENGTH: "per foot length",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The volume of one structure, absolute or relative to body size.

    Parameters
    ----------
    structure
        ``rearfoot``, ``forefoot``, ``total`` or the abbreviation of a muscle.
    """

    structure: str
    quantity: Quantity

    @property
    def is_muscle(self) -> bool:
        """Whether the structure is a single muscle, not a region of the foot."""
        return self.structure not in REGIONS

    @property
    def is_absolute(self) -> bool:
        """Whether the outcome is a volume, not a ratio."""
        return self.quantity is Quantity.VOLUME

    @property
    def column(self) -> str:
        """Name of the outcome in ``statistics.tsv``, and of its column in the tables."""
        return self._column(self.quantity)

    @property
    def volume_column(self) -> str:
        """Column of the volume in cm3 from which the outcome is derived."""
        return self._column(Quantity.VOLUME)

    @property
    def family(self) -> str:
        """Outcomes of one family are corrected together by Holm's method."""
        family = self.quantity.family
        return f"muscles, {family}" if self.is_muscle else family

    def _column(self, quantity: Quantity) -> str:
        extent = "_total" if self.is_muscle else ""
        return f"{self.structure}{extent}_{quantity}"


REGION_OUTCOMES = tuple(Outcome(region, q) for q in Quantity for region in REGIONS)
"""Outcomes of the regions, in the order of ``statistics.tsv``."""
OUTCOMES = tuple(outcome.column for outcome in REGION_OUTCOMES)
"""Columns of ``volumes.tsv`` in which groups are compared."""
MUSCLE_OUTCOMES = tuple(
    Outcome(muscle.abbreviation, quantity)
    for quantity in (Quantity.VOLUME, Quantity.PER_BODY_MASS)
    for muscle in MUSCLES
)
"""Outcomes of single muscles, in the order of ``statistics.tsv``."""
