"""One participant's row of volumes.tsv."""

import pytest

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS, volume_row


def table_of(**changes: float | None) -> MeasurementTable:
    """Give one muscle: 7 cm3 in the rearfoot, 3 in the forefoot, 8 of 10 contractile."""
    volumes = {"rearfoot": 7000.0, "forefoot": 3000.0, "total": 10000.0} | changes
    rows = tuple(
        Measurement(
            "FDB", region, mm3, None if mm3 is None else 0.8 * mm3, 0.2, 190.0, 61.0, 88.0
        )
        for region, mm3 in volumes.items()
    )
    return MeasurementTable(
        rows=rows,
        muscles=("FDB",),
        side=Side.RIGHT,
        segmenter="network",
        border=Border("tmt1", 131.5),
        border_sensitivity_cm3_per_mm=0.63,
        foot_length_mm=241.0,
        cautions=(Caution("truncated", "It is cut.", "measure"),),
    )


def row_of(
    table: MeasurementTable | None,
    mass: float | None = 62.5,
    status: str = "ok",
    reason: str | None = None,
) -> dict[str, object]:
    """Give the row of one participant."""
    return volume_row(
        Participant("07", "healthy", mass, Side.RIGHT),
        table,
        status=status,
        reason=reason,
        footvol_version="0.1.0",
        run_id="r1",
        scan_sha256="ab12",
    )


def test_a_row_holds_volumes_absolute_and_per_body_mass() -> None:
    """10 cm3 over 62.5 kg are 160 mm3/kg; a fifth of it is fat."""
    row = row_of(table_of())

    assert list(row) == list(VOLUME_COLUMNS)
    expected = {
        "participant_id": "sub-07",
        "side": "right",
        "rearfoot_cm3": 7.0,
        "forefoot_cm3": 3.0,
        "rearfoot_mm3_per_kg": 112.0,
        "total_mm3_per_kg": 160.0,
        "contractile_cm3": 8.0,
        "fat_fraction": pytest.approx(0.2),
        "forefoot_share": 0.3,
        "border": "tmt1",
        "border_position_mm": 131.5,
        "border_sensitivity_cm3_per_mm": 0.63,
        "muscles": "FDB",
        "cautions": "truncated",
        "scan_sha256": "ab12",
    }
    assert {name: row[name] for name in expected} == expected


def test_a_missing_body_mass_leaves_per_kg_unknown_and_says_so() -> None:
    """Absolute volumes stay; a caution joins those of the measurement."""
    row = row_of(table_of(), mass=None)

    assert row["total_cm3"] == 10.0
    assert [row[f"{r}_mm3_per_kg"] for r in ("rearfoot", "forefoot", "total")] == [None] * 3
    assert row["cautions"] == "truncated;body-mass-missing"


@pytest.mark.parametrize("table", [None, table_of()])
def test_a_failed_row_has_participant_and_reason_but_no_number(
    table: MeasurementTable | None,
) -> None:
    """An incomplete measurement is not compared."""
    row = row_of(table, status="failed", reason="The heel is cut off.")

    told = {name for name, value in row.items() if value is not None}
    assert told == {
        *("participant_id", "group", "side", "body_mass_kg", "status", "reason"),
        *("footvol_version", "run_id", "scan_sha256"),
    }


def test_an_unknown_region_is_never_zero() -> None:
    """An unknown total has no share, no fat fraction and no value per kg."""
    row = row_of(table_of(forefoot=None, total=None))

    assert row["rearfoot_cm3"] == 7.0
    for name in ("forefoot_cm3", "total_cm3", "total_mm3_per_kg", "fat_fraction"):
        assert row[name] is None
    assert row["forefoot_share"] is None
