"""What is compared, and which outcomes are corrected for one another."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.domain.outcome_keys import CM3, MM3_PER_KG, MM3_PER_MM

ABSOLUTE, PER_KG, PER_LENGTH = "absolute", "per body mass", "per foot length"
MUSCLES_ABSOLUTE, MUSCLES_PER_KG = "muscles, absolute", "muscles, per body mass"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One quantity that the groups are compared in.

    Parameters
    ----------
    column
        Its name, and its column in the tables.
    family
        Outcomes of one family are corrected for one another by Holm.
    source
        Column of the volume in cm3 that it is derived from; its own for absolute ones.
    """

    column: str
    family: str
    source: str

    @property
    def is_absolute(self) -> bool:
        """Whether it is a volume, not a ratio."""
        return self.column == self.source

    @property
    def is_region(self) -> bool:
        """Whether it is of a region of the foot, not of one muscle."""
        return self.family in {ABSOLUTE, PER_KG, PER_LENGTH}


def _regions(ending: str, family: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(f"{region}_{ending}", family, f"{region}_cm3") for region in REGIONS)


def _muscles(ending: str, family: str) -> tuple[Outcome, ...]:
    names = (f"{muscle.abbreviation}_total" for muscle in MUSCLES)
    return tuple(Outcome(f"{name}_{ending}", family, f"{name}_cm3") for name in names)


REGION_OUTCOMES = (
    *_regions(CM3, ABSOLUTE),
    *_regions(MM3_PER_KG, PER_KG),
    *_regions(MM3_PER_MM, PER_LENGTH),
)
MUSCLE_OUTCOMES = (
    *_muscles(CM3, MUSCLES_ABSOLUTE),
    *_muscles(MM3_PER_KG, MUSCLES_PER_KG),
)


def outcomes_among(columns: Iterable[object]) -> tuple[Outcome, ...]:
    """Give the regions' outcomes, and those of the muscles whose volumes are there."""
    there = set(columns)
    return (*REGION_OUTCOMES, *(o for o in MUSCLE_OUTCOMES if o.source in there))
