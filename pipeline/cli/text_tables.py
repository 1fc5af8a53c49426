"""Tables as text for a terminal."""

import csv
from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.dependent_scans import why_not_compared
from pipeline.domain.outcomes import OUTCOMES
from pipeline.domain.participant import MISSING
from pipeline.domain.scan_key import ENTITIES

VOLUMES_SHOWN = [
    "participant_id",
    *ENTITIES,
    "group",
    "rearfoot_cm3",
    "forefoot_cm3",
    "total_cm3",
    "rearfoot_mm3_per_kg",
    "forefoot_mm3_per_kg",
    "total_mm3_per_kg",
    "status",
]
STATISTICS_SHOWN = [
    "outcome",
    "group_a",
    "group_b",
    "n_a",
    "n_b",
    "mean_a",
    "mean_b",
    "mean_difference",
    "ci95_low",
    "ci95_high",
    "p",
    "p_holm",
    "cohens_d",
]
_WORDS = {
    "participant_id",
    *ENTITIES,
    "group",
    "status",
    "outcome",
    "group_a",
    "group_b",
    "n_a",
    "n_b",
}


def format_volumes(out: Path) -> str:
    """Format ``volumes.tsv``, without the columns that have no value.

    Those of one scan without a group would only be n/a.
    """
    rows = _read_rows(out / "volumes.tsv")
    shown = [name for name in VOLUMES_SHOWN if any(row[name] != MISSING for row in rows)]
    return _format(rows, shown)


def format_statistics(out: Path) -> str | None:
    """Format the regions of ``statistics.tsv``; None where no two groups were compared."""
    rows = _read_rows(out / "statistics.tsv")
    if not any(min(int(row["n_a"]), int(row["n_b"])) > 0 for row in rows):
        return None
    return _format([row for row in rows if row["outcome"] in OUTCOMES], STATISTICS_SHOWN)


def why_no_statistics(out: Path) -> str | None:
    """Say why no groups were compared, if several scans of a participant are in the way."""
    return why_not_compared(_read_rows(out / "volumes.tsv"))


def format_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format rows of text, each column as wide as its widest cell."""
    table = [columns, *rows]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    return "\n".join(
        " ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        for cells in table
    )


def format_value(value: object) -> str:
    """Format a number with four digits, and what is missing as n/a."""
    if value is None or value != value:  # noqa: PLR0124 only NaN differs from itself
        return MISSING
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _format(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    return format_table(columns, [[_cell(name, row[name]) for name in columns] for row in rows])


def _cell(column: str, cell: str) -> str:
    return cell if column in _WORDS or cell == MISSING else format_value(float(cell))


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
