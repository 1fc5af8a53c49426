"""Tables as text for a terminal."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.text_tables import (
    STATISTICS_SHOWN,
    VOLUMES_SHOWN,
    format_statistics,
    format_table,
    format_value,
    format_volumes,
)
from pipeline.domain.outcomes import OUTCOMES

CELLS = st.text("abz-_. 0189µ", min_size=1, max_size=12)


def write_rows(path: Path, *rows: dict[str, str]) -> None:
    """Write a table with these rows."""
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def statistics_row(**cells: str) -> dict[str, str]:
    """Give a row of ``statistics.tsv`` as far as it is printed."""
    known = dict.fromkeys(STATISTICS_SHOWN, "0.1234567") | {"group_a": "01", "group_b": "b"}
    return known | {"outcome": OUTCOMES[0], "n_a": "12000", "n_b": "3"} | cells


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5))
def test_tables_look_as_pandas_prints_them(rows: list[tuple[str, ...]]) -> None:
    """Columns are aligned to the right, one blank apart."""
    columns = ["id", "a longer name", "p"]

    printed = format_table(columns, rows)

    assert printed == pd.DataFrame(rows, columns=columns).to_string(index=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.00012345, "0.0001234"), (123456.0, "1.235e+05"), (float("nan"), "n/a")),
        *((None, "n/a"), (12, "12"), ("01", "01")),
    ],
)
def test_values_have_four_digits(value: object, text: str) -> None:
    """Counts and words are printed as they are."""
    assert format_value(value) == text


def test_columns_without_any_value_are_left_out(tmp_path: Path) -> None:
    """As of one scan without a group; a cell without a value is n/a."""
    row = dict.fromkeys(VOLUMES_SHOWN, "12.34567") | {"participant_id": "sub-1", "group": "n/a"}
    row |= {"session": "n/a", "run": "run-1"}
    row |= {"status": "ok", "total_mm3_per_kg": "n/a", "cautions": "much"}
    other = row | {"participant_id": "sub-02", "total_mm3_per_kg": "1234.567"}
    write_rows(tmp_path / "volumes.tsv", row, other)

    first, *rows = (line.split() for line in format_volumes(tmp_path).splitlines())

    assert first == [name for name in VOLUMES_SHOWN if name not in ("group", "session")]
    assert rows == [
        ["sub-1", "run-1", *["12.35"] * 5, "n/a", "ok"],
        ["sub-02", "run-1", *["12.35"] * 5, "1235", "ok"],
    ]


def test_only_the_regions_of_a_comparison_are_printed(tmp_path: Path) -> None:
    """Groups and counts are printed as they are written."""
    muscle = statistics_row(outcome="ABH_total_cm3")
    write_rows(tmp_path / "statistics.tsv", statistics_row(), muscle)

    printed = format_statistics(tmp_path)

    assert printed is not None
    (row,) = printed.splitlines()[1:]
    assert row.split() == [OUTCOMES[0], "01", "b", "12000", "3", *["0.1235"] * 8]


def test_one_group_is_not_printed_as_a_comparison(tmp_path: Path) -> None:
    """Nobody is in the other."""
    write_rows(tmp_path / "statistics.tsv", statistics_row(n_b="0", group_b="n/a"))

    assert format_statistics(tmp_path) is None
