"""Sums and fat fraction of the chosen muscles."""

from dataclasses import replace

import pytest

from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side


def row(
    muscle: str, region: str, volume_mm3: float | None, contractile_mm3: float | None
) -> Measurement:
    """Make a row; only the volumes matter."""
    return Measurement(muscle, region, volume_mm3, contractile_mm3, 0.1, 90.0, 61.5, 40.0)


@pytest.fixture
def table() -> MeasurementTable:
    """Make a table of three muscles, two of them chosen."""
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
    """In cm3, in one region."""
    assert table.volume_cm3(region) == pytest.approx(expected)


@pytest.mark.parametrize(("region", "expected"), [("rearfoot", 9.6), ("forefoot", 4.52)])
def test_contractile_volumes_of_chosen_muscles_are_summed(
    table: MeasurementTable, region: str, expected: float
) -> None:
    """In cm3, in one region."""
    assert table.contractile_cm3(region) == pytest.approx(expected)


def test_one_unknown_volume_makes_the_sum_unknown(table: MeasurementTable) -> None:
    """A partial sum would be too small; other regions stay known."""
    changed = replace(table, rows=(row("ABH", "rearfoot", None, 9000.0), *table.rows[1:]))

    assert changed.volume_cm3("rearfoot") is None
    assert changed.contractile_cm3("rearfoot") == pytest.approx(9.6)
    assert changed.volume_cm3("forefoot") == pytest.approx(5.03)


def test_a_muscle_without_a_row_makes_the_sum_unknown(table: MeasurementTable) -> None:
    """A missing row is not a volume of 0."""
    changed = replace(table, rows=table.rows[1:])

    assert changed.volume_cm3(table.rows[0].region) is None
    assert replace(table, rows=()).contractile_cm3("rearfoot") is None


def test_one_unknown_contractile_volume_makes_its_sum_unknown(table: MeasurementTable) -> None:
    """Without a fat fraction the volumes are still known."""
    changed = replace(table, rows=(row("ABH", "rearfoot", 11000.0, None), *table.rows[1:]))

    assert changed.contractile_cm3("rearfoot") is None
    assert changed.volume_cm3("rearfoot") == pytest.approx(11.7)


def test_an_unknown_volume_of_another_muscle_does_not_matter(table: MeasurementTable) -> None:
    """Only the chosen muscles are summed."""
    changed = replace(table, rows=(*table.rows[:-1], row("EDB", "rearfoot", None, None)))

    assert changed.volume_cm3("rearfoot") == pytest.approx(11.7)


def test_a_volume_of_zero_is_known(table: MeasurementTable) -> None:
    """An absent muscle adds nothing to the sum."""
    without = replace(table, rows=(row("ABH", "rearfoot", 0.0, 0.0), *table.rows[1:]))

    assert without.volume_cm3("rearfoot") == pytest.approx(0.7)


def test_the_fat_fraction_is_weighted_by_volume(table: MeasurementTable) -> None:
    """Only totals of the chosen muscles count; limits have their own columns."""
    totals = (
        replace(row("ABH", "total", 3000.0, None), fat_fraction=0.2, fat_fraction_low=0.1),
        replace(row("FDB", "total", 1000.0, None), fat_fraction=0.4, fat_fraction_low=0.3),
    )
    with_totals = replace(table, rows=(*table.rows, *totals))

    assert with_totals.fat_fraction() == pytest.approx(0.25)
    assert with_totals.fat_fraction("_low") == pytest.approx(0.15)
    assert with_totals.fat_fraction("_high") is None
    assert table.fat_fraction() is None
