"""Writing and reading of the tables that footvol makes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import MISSING
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json, written_whole
from pipeline.store.names import sidecar_of

# Finer than any measurement, coarser than rounding errors of another storage order.
_FLOAT_FORMAT = "%.7g"
MEASUREMENT_COLUMNS = {
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


def write_table(
    table: pd.DataFrame,
    path: Path,
    descriptions: Mapping[str, str],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a TSV with ``n/a`` for missing, and descriptions of its columns as JSON beside it.

    Numbers are written with seven significant digits.

    Parameters
    ----------
    facts
        Further fields of the JSON.
    """
    cells = table.map(_cell)
    with written_whole(path) as scratch:
        cells.to_csv(scratch, sep="\t", index=False, lineterminator="\n")
    columns = {name: {"Description": text} for name, text in descriptions.items()}
    write_json({**columns, **_rounded(dict(facts or {}))}, sidecar_of(path))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the same cells as `write_table`, separated by commas."""
    cells = table.map(_cell)
    with written_whole(path) as scratch:
        cells.to_csv(scratch, index=False, lineterminator="\n")


def read_table(path: Path, words: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table of `write_table`; only ``n/a`` is missing.

    Parameters
    ----------
    words
        Columns that are text even if every cell is a number, such as a group named 01.

    Raises
    ------
    ArtefactError
        If the table is missing or is not a TSV.
    """
    try:
        return pd.read_csv(
            path,
            sep="\t",
            na_values=[MISSING],
            keep_default_na=False,
            dtype=dict.fromkeys(words, "string"),
        )
    except (OSError, ValueError) as error:
        msg = (
            f"The table {path.name!r} must exist and be a TSV: {error}. "
            "Run the stage that writes it again."
        )
        raise ArtefactError(msg) from error


def write_measurements(
    table: MeasurementTable, path: Path, facts: Mapping[str, Any] | None = None
) -> None:
    """Write one row per muscle and region, and values of the whole foot into the JSON.

    Parameters
    ----------
    facts
        Further fields of the JSON, such as sources.
    """
    known = {m.abbreviation: {"index": m.index, "name": m.name} for m in MUSCLES}
    rows = pd.DataFrame(
        [{**known[row.muscle], **asdict(row)} for row in table.rows],
        columns=list(MEASUREMENT_COLUMNS),
        dtype=object,
    )
    write_table(rows, path, MEASUREMENT_COLUMNS)
    foot = {
        "Muscles": list(table.muscles),
        "Laterality": table.side.letter,
        "Segmenter": table.segmenter,
        "Border": asdict(table.border),
        "BorderSensitivity_cm3_per_mm": table.border_sensitivity_cm3_per_mm,
        "FootLength_mm": table.foot_length_mm,
        "Cautions": [asdict(c) for c in table.cautions],
        "CI95_cm3": {region: list(ends) for region, ends in table.ci95_cm3.items()},
    }
    columns = {k: {"Description": text} for k, text in MEASUREMENT_COLUMNS.items()}
    write_json({**columns, **(facts or {}), **_rounded(foot)}, sidecar_of(path))


def read_measurements(path: Path) -> MeasurementTable:
    """Read a table of `write_measurements`.

    Raises
    ------
    ArtefactError
        If the table or its JSON is missing, or lacks a column or field.
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
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        is_named = isinstance(error, KeyError)
        fault = f"a fault at {error}" if is_named else "a value of the wrong type"
        msg = (
            f"The measurements in {path.name!r} must be complete: got {fault}. Run the "
            "measure stage again."
        )
        raise ArtefactError(msg) from error


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return MISSING
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
