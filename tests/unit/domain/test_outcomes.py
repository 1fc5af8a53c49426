"""Outcomes and the names of their columns."""

import pytest

from pipeline.domain.outcomes import MUSCLE_OUTCOMES, REGION_OUTCOMES, Outcome, Quantity


@pytest.mark.parametrize(
    ("outcome", "column", "volume_column", "family"),
    [
        (Outcome("total", Quantity.VOLUME), "total_cm3", "total_cm3", "absolute"),
        (
            Outcome("rearfoot", Quantity.PER_FOOT_LENGTH),
            "rearfoot_mm3_per_mm",
            "rearfoot_cm3",
            "per foot length",
        ),
        (
            Outcome("ABH", Quantity.PER_BODY_MASS),
            "ABH_total_mm3_per_kg",
            "ABH_total_cm3",
            "muscles, per body mass",
        ),
    ],
)
def test_an_outcome_has_a_column_and_a_family(
    outcome: Outcome, column: str, volume_column: str, family: str
) -> None:
    """Muscles have families of their own, and columns of their whole volume."""
    assert outcome.column == column
    assert outcome.volume_column == volume_column
    assert outcome.family == family
    assert outcome.is_absolute == (column == volume_column)


def test_regions_come_before_muscles_and_absolute_volumes_before_ratios() -> None:
    """As in statistics.tsv."""
    assert [o.column for o in REGION_OUTCOMES][:4] == [
        *("rearfoot_cm3", "forefoot_cm3", "total_cm3", "rearfoot_mm3_per_kg")
    ]
    assert len(REGION_OUTCOMES) == 9
    assert [o.structure for o in MUSCLE_OUTCOMES][:2] == ["ABH", "FDB"]
    assert len(MUSCLE_OUTCOMES) == 24
    assert not any(o.is_muscle for o in REGION_OUTCOMES)
    assert all(o.is_muscle for o in MUSCLE_OUTCOMES)
