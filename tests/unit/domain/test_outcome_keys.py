"""Names of outcomes; they are columns of the tables that users have."""

from pipeline.domain.outcome_keys import OUTCOME_KEYS


def test_outcome_keys_are_those_of_the_contract() -> None:
    """Each region absolute, then per body mass, then per foot length."""
    assert (
        *("rearfoot_cm3", "forefoot_cm3", "total_cm3"),
        *("rearfoot_mm3_per_kg", "forefoot_mm3_per_kg", "total_mm3_per_kg"),
        *("rearfoot_mm3_per_mm", "forefoot_mm3_per_mm", "total_mm3_per_mm"),
    ) == OUTCOME_KEYS
