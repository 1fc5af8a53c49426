"""Names, units and decimals of outcomes, as reports show them."""

from dataclasses import dataclass

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.outcomes import REGION_OUTCOMES, Outcome, Quantity


@dataclass(frozen=True, slots=True)
class OutcomeLabel:
    """How an outcome is shown."""

    name: str
    unit: str
    decimals: int


UNITS = {
    Quantity.VOLUME: "cm³",
    Quantity.PER_BODY_MASS: "mm³/kg",
    Quantity.PER_FOOT_LENGTH: "mm³/mm",
}
QUANTITY_NAMES = {
    Quantity.VOLUME: "volume",
    Quantity.PER_BODY_MASS: "volume per body mass",
    Quantity.PER_FOOT_LENGTH: "volume per foot length",
}
SHOWN = tuple(o for o in REGION_OUTCOMES if o.quantity is not Quantity.PER_FOOT_LENGTH)
"""Outcomes in the table of participants."""
_DECIMALS = {Quantity.VOLUME: 1, Quantity.PER_BODY_MASS: 0, Quantity.PER_FOOT_LENGTH: 0}
_MUSCLE_NAMES = {muscle.abbreviation: muscle.name for muscle in MUSCLES}


def label_of(outcome: Outcome) -> OutcomeLabel:
    """Give the label of an outcome of a region or a muscle."""
    structure = _MUSCLE_NAMES.get(outcome.structure, outcome.structure)
    return OutcomeLabel(
        f"{structure} {QUANTITY_NAMES[outcome.quantity]}",
        UNITS[outcome.quantity],
        _DECIMALS[outcome.quantity] + outcome.is_muscle,
    )
