"""Tables in and out: participants, measurements, comparison."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.domain.table import Measurement, MeasurementTable
from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.files import read_json, write_json, written_whole
from pipeline.store.names import bare_label, sidecar_of

_NEEDED = ("participant_id", "group", "body_mass_kg")
_BODY_MASS_LIMITS_KG = (20.0, 300.0)
_SIDES: Mapping[str, Side | None] = {
    "right": Side.RIGHT,
    "r": Side.RIGHT,
    "left": Side.LEFT,
    "l": Side.LEFT,
    "n/a": None,
}
_MISSING = "n/a"
# Seven digits: finer than any measurement, coarser than the rounding of another storage order.
_FLOAT_FORMAT = "%.7g"
_MEASUREMENT_COLUMNS = {
    "index": "Label of the muscle in the label map",
    "name": "Name of the muscle",
    "muscle": "Abbreviation of the muscle",
    "region": "rearfoot, forefoot, or total of both",
    "volume_mm3": "Volume in mm3; n/a where it could not be measured, 0 where absent",
    "contractile_mm3": "Volume times (1 - fat fraction), summed over voxels, in mm3",
    "fat_fraction": "Fat fraction of the volume, 0 to 1",
    "acsa_max_mm2": "Largest cross-section perpendicular to the long axis, in mm2",
    "acsa_max_position_mm": "Where that is along the long axis, from the heel end, in mm",
    "length_mm": "Extent along the long axis, in mm",
    "is_truncated": "true where the image cuts the muscle, so the volume is a lower bound",
    "fat_fraction_low": "Least fat fraction that the calibration allows, 0 to 1",
    "fat_fraction_high": "Greatest fat fraction that the calibration allows, 0 to 1",
    "volume_ci95_low_mm3": "Lower end of the volume's 95 % interval, in mm3",
    "volume_ci95_high_mm3": "Upper end of the volume's 95 % interval, in mm3",
}


def read_participants(bids_dir: Path) -> dict[str, Participant]:
    """Read ``participants.tsv`` of a raw dataset.

    Returns
    -------
    dict
        By label without ``sub-``, in the order of the table.

    Raises
    ------
    ConfigError
        If the table is missing, lacks a column, or holds a value that cannot be.
    """
    return read_participants_table(bids_dir / "participants.tsv")


def read_participants_table(path: Path) -> dict[str, Participant]:
    """Read a table of participants under any name; see `read_participants`.

    Raises
    ------
    ConfigError
        As `read_participants`.
    """
    table = _read_tsv(path)
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        msg = (
            f"{path.name} must have the columns {', '.join(_NEEDED)}: got no "
            f"{', '.join(missing)} among {', '.join(map(str, table.columns))}. Add it; write "
            "n/a for what is unknown."
        )
        raise ConfigError(msg)
    participants: dict[str, Participant] = {}
    for number, row in enumerate(table.to_dict("records"), start=2):
        participant = _participant(row, f"{path.name} row {number}")
        if participant.label in participants:
            msg = (
                f"{path.name} must name each participant once: got "
                f"{participant.participant_id!r} again in row {number}. Remove one of the rows."
            )
            raise ConfigError(msg)
        participants[participant.label] = participant
    return participants


def read_patient_map(path: Path) -> dict[str, str]:
    """Read which patient ID is which participant: columns ``patient_id``, ``participant_id``.

    Several patient IDs may be one participant. What is refused is told by row number, as the
    IDs must not be printed.

    Returns
    -------
    dict
        Label without ``sub-`` of each patient ID.

    Raises
    ------
    ConfigError
        If the table is missing, lacks a column, or gives a patient ID no label or two.
    """
    table = _read_tsv(path)
    if not {"patient_id", "participant_id"} <= set(table.columns):
        msg = (
            f"{path.name} must have the columns patient_id and participant_id: got "
            f"{len(table.columns)} others. Name them in the first line, parted by tabs."
        )
        raise ConfigError(msg)
    found: dict[str, str] = {}
    pairs = zip(table["patient_id"], table["participant_id"], strict=True)
    for row, (patient, label) in enumerate(pairs, start=2):
        if found.setdefault(str(patient).strip(), bare_label(str(label))) != bare_label(label):
            msg = (
                f"A patient must be one participant: got a second one in row {row} of "
                f"{path.name}. Correct the map."
            )
            raise ConfigError(msg)
    return found


def write_table(table: pd.DataFrame, path: Path, descriptions: Mapping[str, str]) -> None:
    """Write a TSV with ``n/a`` for missing, and its columns' meaning as JSON beside it.

    Numbers are written with seven significant digits.
    """
    cells = table.map(_cell)
    with written_whole(path) as scratch:
        cells.to_csv(scratch, sep="\t", index=False, lineterminator="\n")
    write_json({k: {"Description": text} for k, text in descriptions.items()}, sidecar_of(path))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the cells of `write_table` with commas between them."""
    cells = table.map(_cell)
    with written_whole(path) as scratch:
        cells.to_csv(scratch, index=False, lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read what `write_table` wrote; only ``n/a`` is missing.

    Raises
    ------
    ArtefactError
        If the table is missing or is not a TSV.
    """
    try:
        return pd.read_csv(path, sep="\t", na_values=[_MISSING], keep_default_na=False)
    except (OSError, ValueError) as error:
        msg = (
            f"The table {path.name!r} must exist and be a TSV: {error}. "
            "Run the stage that writes it again."
        )
        raise ArtefactError(msg) from error


def write_measurements(
    table: MeasurementTable, path: Path, facts: Mapping[str, Any] | None = None
) -> None:
    """Write one row per muscle and region; what holds for the foot goes into the JSON.

    Parameters
    ----------
    facts
        Further fields of the JSON, such as sources.
    """
    known = {m.abbreviation: {"index": m.index, "name": m.name} for m in MUSCLES}
    rows = pd.DataFrame(
        [{**known[row.muscle], **asdict(row)} for row in table.rows],
        columns=list(_MEASUREMENT_COLUMNS),
        dtype=object,
    )
    write_table(rows, path, _MEASUREMENT_COLUMNS)
    foot = {
        "Muscles": list(table.muscles),
        "Laterality": table.side.value[0].upper(),
        "Segmenter": table.segmenter,
        "Border": asdict(table.border),
        "BorderSensitivity_cm3_per_mm": table.border_sensitivity_cm3_per_mm,
        "FootLength_mm": table.foot_length_mm,
        "Cautions": [asdict(c) for c in table.cautions],
        "CI95_cm3": {region: list(ends) for region, ends in table.ci95_cm3.items()},
    }
    columns = {k: {"Description": text} for k, text in _MEASUREMENT_COLUMNS.items()}
    write_json({**columns, **(facts or {}), **_rounded(foot)}, sidecar_of(path))


def read_measurements(path: Path) -> MeasurementTable:
    """Read what `write_measurements` wrote.

    Raises
    ------
    ArtefactError
        If table or JSON is missing, or lacks a column or fact.
    """
    table, foot = read_table(path), read_json(sidecar_of(path))
    try:
        return MeasurementTable(
            rows=tuple(_measurement(row) for row in table.to_dict("records")),
            muscles=tuple(foot["Muscles"]),
            side={"R": Side.RIGHT, "L": Side.LEFT}[foot["Laterality"]],
            segmenter=foot["Segmenter"],
            border=Border(**foot["Border"]),
            border_sensitivity_cm3_per_mm=float(foot["BorderSensitivity_cm3_per_mm"]),
            foot_length_mm=_number(foot["FootLength_mm"]),
            cautions=tuple(Caution(**c) for c in foot["Cautions"]),
            ci95_cm3={region: (low, high) for region, (low, high) in foot["CI95_cm3"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"The measurements in {path.name!r} must be complete: got a fault at "
            f"{str(error)!r}. "
            "Run the measure stage again."
        )
        raise ArtefactError(msg) from error


def _read_tsv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig"
        ).rename(columns=str.strip)
    except FileNotFoundError as error:
        msg = (
            f"The raw dataset must hold the table {path.name!r}: got none in "
            f"{str(path.parent)!r}. Write it with the columns {', '.join(_NEEDED)}."
        )
        raise ConfigError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path.name} must be a table with tabs between columns: {error}. Save it as TSV."
        raise ConfigError(msg) from error


def _participant(row: Mapping[Any, Any], where: str) -> Participant:
    cells = {str(key): str(value).strip() for key, value in row.items()}
    try:
        label = bare_label(cells["participant_id"])
    except ConfigError as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from error
    group = cells["group"]
    return Participant(
        label,
        group=None if group in ("", _MISSING) else group,
        body_mass_kg=_body_mass_kg(cells["body_mass_kg"], where),
        side=_side(cells.get("side", _MISSING), where),
    )


def _body_mass_kg(cell: str, where: str) -> float | None:
    if cell.lower() == _MISSING:
        return None
    low, high = _BODY_MASS_LIMITS_KG
    try:
        mass_kg = float(cell)
    except ValueError:
        mass_kg = math.nan
    if not low <= mass_kg <= high:
        msg = (
            f"{where}: body_mass_kg must be a number from {low:g} to {high:g} kg: got "
            f"{cell!r}. Correct it, or write n/a if it is unknown."
        )
        raise ConfigError(msg)
    return mass_kg


def _side(cell: str, where: str) -> Side | None:
    if cell.lower() not in _SIDES:
        msg = f"{where}: side must be right, left or n/a: got {cell!r}. Correct it."
        raise ConfigError(msg)
    return _SIDES[cell.lower()]


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return _MISSING
    if str(value) in ("True", "False"):
        return str(value).lower()
    return _FLOAT_FORMAT % value if isinstance(value, float) else str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(_FLOAT_FORMAT % value) if isinstance(value, float) else value


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _measurement(row: Mapping[Any, Any]) -> Measurement:
    numbers = {
        f.name: _number(row[f.name])
        for f in fields(Measurement)
        if f.name not in ("muscle", "region", "is_truncated")
    }
    truncated = str(row["is_truncated"]).lower() == "true"
    return Measurement(
        muscle=str(row["muscle"]), region=str(row["region"]), is_truncated=truncated, **numbers
    )
