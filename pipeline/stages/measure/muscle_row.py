"""One participant's muscles as one row of the wide table."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.domain.measurement_table import Measurement, MeasurementTable

_PARTICIPANT = {
    "participant_id": "participant, as in participants.tsv",
    "group": "group, as in participants.tsv",
    "side": "side of the body that was measured: right or left",
    "body_mass_kg": "body mass, in kg",
    "status": "as in volumes.tsv; if failed, nothing was measured",
}
_QUANTITIES = {
    "cm3": "volume, in cm3",
    "contractile_cm3": "volume without the fat in it, in cm3",
    "fat_fraction": "fraction of the volume that is fat, 0 to 1",
    "acsa_max_cm2": "largest cross-section perpendicular to the long axis, in cm2",
    "acsa_max_position_mm": "its position along the long axis, from the heel end, in mm",
    "length_mm": "extent along the long axis, in mm",
}
_PROVENANCE = ("session", "run", "footvol_version", "run_id", "scan_sha256")


def _columns() -> Iterator[tuple[str, str]]:
    """Yield every column with its description, in order."""
    yield from _PARTICIPANT.items()
    for muscle in MUSCLES:
        for region in REGIONS:
            where = muscle.name if region == "total" else f"{muscle.name}, {region}"
            for quantity, meaning in _QUANTITIES.items():
                yield f"{muscle.abbreviation}_{region}_{quantity}", f"{where}: {meaning}"
        cut = "whether the image cuts the muscle, so that its volumes are lower bounds"
        yield f"{muscle.abbreviation}_is_truncated", f"{muscle.name}: {cut}"
    yield from ((name, "as in volumes.tsv") for name in _PROVENANCE)


MUSCLE_COLUMNS: Mapping[str, str] = MappingProxyType(dict(_columns()))


def muscle_row(row: Mapping[str, object], table: MeasurementTable | None) -> dict[str, object]:
    """Give the row of one scan in ``muscles.tsv``.

    Parameters
    ----------
    row
        The scan's row of ``volumes.tsv``.
    table
        None where nothing was measured; then all quantities are n/a.

    Returns
    -------
    dict
        One value per column of `MUSCLE_COLUMNS`, in order; None is n/a.
    """
    cells: dict[str, object] = {name: row[name] for name in (*_PARTICIPANT, *_PROVENANCE)}
    for measured in table.rows if table else ():
        cells |= _quantities(measured)
    return {name: cells.get(name) for name in MUSCLE_COLUMNS}


def _quantities(row: Measurement) -> dict[str, object]:
    """Give the cells of one muscle in one region."""
    values = (
        _scaled(row.volume_mm3, 1e3),
        _scaled(row.contractile_mm3, 1e3),
        row.fat_fraction,
        _scaled(row.acsa_max_mm2, 1e2),
        row.acsa_max_position_mm,
        row.length_mm,
    )
    names = (f"{row.muscle}_{row.region}_{quantity}" for quantity in _QUANTITIES)
    return {
        **dict(zip(names, values, strict=True)),
        f"{row.muscle}_is_truncated": row.is_truncated,
    }


def _scaled(value: float | None, by: float) -> float | None:
    """Divide; None stays None."""
    return None if value is None else value / by
