"""The wide table of muscles."""

from fake_stages import make_table

from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.stages.compare.volume_row import FAILED, OK, volume_row
from pipeline.stages.measure.muscle_row import MUSCLE_COLUMNS, muscle_row

WHO = Participant("07", group="healthy", body_mass_kg=70.0)


def make_row(table: MeasurementTable | None) -> dict[str, object]:
    """Make the row of volumes.tsv, then that of muscles.tsv."""
    row = volume_row(
        WHO,
        table,
        status=OK if table else FAILED,
        reason=None,
        footvol_version="1.2.3",
        run_id="abc",
        scan_sha256="0f",
    )
    return muscle_row(row, table)


def test_every_muscle_has_six_quantities_in_three_regions() -> None:
    """Twelve muscles by three regions by six quantities, and whether each is cut."""
    names = [name for name in MUSCLE_COLUMNS if name.partition("_")[0].isupper()]

    assert len(names) == 12 * (3 * 6 + 1)
    assert list(make_row(make_table(3000.0))) == list(MUSCLE_COLUMNS)


def test_quantities_have_the_units_of_their_names() -> None:
    """A third of 3000 mm3 is 1 cm3, and 120 mm2 are 1.2 cm2."""
    row = make_row(make_table(3000.0))

    assert row["ABH_rearfoot_cm3"] == 1.0
    assert row["ABH_total_contractile_cm3"] == 2.25
    assert row["ABH_total_fat_fraction"] == 0.25
    assert row["ABH_forefoot_acsa_max_cm2"] == 1.2
    assert row["ABH_total_acsa_max_position_mm"] == 61.5
    assert row["ABH_total_length_mm"] == 92.0
    assert row["ABH_is_truncated"] is False
    assert (row["side"], row["run_id"], row["status"]) == ("right", "abc", OK)


def test_what_was_not_measured_is_missing_never_zero() -> None:
    """A failed participant has a row without values, as has a muscle not in the table."""
    failed = make_row(None)

    assert (failed["participant_id"], failed["status"]) == ("sub-07", FAILED)
    assert {failed[name] for name in failed if name.partition("_")[0].isupper()} == {None}
    assert make_row(make_table(3000.0))["FDB_total_cm3"] is None
