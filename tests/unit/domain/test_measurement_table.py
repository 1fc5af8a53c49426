"""Sums over the chosen muscles."""

from dataclasses import replace

import pytest

from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side


def row(
    muscle: str, region: str, volume_mm3: float | None, contractile_mm3: float | None
) -> Measurement:
    """Make a row of which volumes matter only."""
    return Measurement(muscle, region, volume_mm3, contractile_mm3, 0.1, 90.0, 61.5, 40.0)


@pytest.fixture
def table() -> MeasurementTable:
    """Make a table of three muscles, of which two are in the totals."""
    return MeasurementTable(
        rows=(
            row("ABH", "rearfoot", 11000.0, 9000.0),
            row("ABH", "forefoot", 5000.0, 4500.0),
            row("FDB", "rearfoot", 700.0, 600.0),
            row("FDB", "forefoot", 30.0, 20.0),
            row("EDB", "rearfoot", 4000.0, 3000.0),
        ),
        muscles=("ABH", "FDB"),
        side=Side.RIGHT,
        segmenter="made",
        border=Border("tmt1", 118.5),
        border_sensitivity_cm3_per_mm=0.41,
        foot_length_mm=241.5,
    )


@pytest.mark.parametrize(("region", "expected"), [("rearfoot", 11.7), ("forefoot", 5.03)])
def test_volumes_of_chosen_muscles_are_summed(
    table: MeasurementTable, region: str, expected: float
) -> None:
    """In cm3, in one region, without muscles that were not chosen."""
    assert table.volume_cm3(region) == pytest.approx(expected)


@pytest.mark.parametrize(("region", "expected"), [("rearfoot", 9.6), ("forefoot", 4.52)])
def test_contractile_volumes_are_summed_likewise(
    table: MeasurementTable, region: str, expected: float
) -> None:
    """From their own column."""
    assert table.contractile_cm3(region) == pytest.approx(expected)


def test_one_unknown_volume_makes_the_sum_unknown(table: MeasurementTable) -> None:
    """Never a smaller number for an unknown one; other regions stay known."""
    spoilt = replace(table, rows=(row("ABH", "rearfoot", None, 9000.0), *table.rows[1:]))

    assert spoilt.volume_cm3("rearfoot") is None
    assert spoilt.contractile_cm3("rearfoot") == pytest.approx(9.6)
    assert spoilt.volume_cm3("forefoot") == pytest.approx(5.03)


def test_a_muscle_without_a_row_makes_the_sum_unknown(table: MeasurementTable) -> None:
    """What was not measured is not 0."""
    spoilt = replace(table, rows=table.rows[1:])

    assert spoilt.volume_cm3(table.rows[0].region) is None
    assert replace(table, rows=()).contractile_cm3("rearfoot") is None


def test_one_unknown_contractile_volume_makes_its_sum_unknown(table: MeasurementTable) -> None:
    """A contrast without fat fraction leaves the volumes known."""
    spoilt = replace(table, rows=(row("ABH", "rearfoot", 11000.0, None), *table.rows[1:]))

    assert spoilt.contractile_cm3("rearfoot") is None
    assert spoilt.volume_cm3("rearfoot") == pytest.approx(11.7)


def test_an_unknown_muscle_that_was_not_chosen_does_not_matter(table: MeasurementTable) -> None:
    """The sum is of the chosen ones."""
    spoilt = replace(table, rows=(*table.rows[:-1], row("EDB", "rearfoot", None, None)))

    assert spoilt.volume_cm3("rearfoot") == pytest.approx(11.7)


def test_zero_is_a_volume(table: MeasurementTable) -> None:
    """A muscle that was looked for and is absent counts as nothing."""
    without = replace(table, rows=(row("ABH", "rearfoot", 0.0, 0.0), *table.rows[1:]))

    assert without.volume_cm3("rearfoot") == pytest.approx(0.7)
