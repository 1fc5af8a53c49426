"""Outcomes in words, with their units."""

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.domain.outcome_keys import CM3, MM3_PER_KG, MM3_PER_MM

Named = tuple[str, str, int]

_UNITS = {
    CM3: ("volume", "cm³", 1),
    MM3_PER_KG: ("volume per body mass", "mm³/kg", 0),
    MM3_PER_MM: ("volume per foot length", "mm³/mm", 0),
}
NAMES: dict[str, Named] = {
    f"{region}_{ending}": (f"{region} {words}", unit, decimals)
    for ending, (words, unit, decimals) in _UNITS.items()
    for region in REGIONS
}
"""Outcome of a region to its words, its unit and the decimals that are shown."""
SHOWN = tuple(name for name in NAMES if not name.endswith("per_mm"))
"""Outcomes in the table of participants and in the plots."""


def named(outcome: str) -> Named:
    """Give words, unit and decimals of an outcome of a region or a muscle."""
    if outcome in NAMES:
        return NAMES[outcome]
    muscle, ending = outcome.split("_total_")
    words, unit, decimals = _UNITS[ending]
    full = {m.abbreviation: m.name for m in MUSCLES}[muscle]
    return f"{full} {words}", unit, decimals + 1
