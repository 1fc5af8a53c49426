"""Strict reading of tab-separated tables that people write."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import ConfigError, listed, shown
from pipeline.store.content import read_text

Row = tuple[str, Mapping[str, str]]
"""Location of a row, such as ``participants.tsv row 3``, and its cells by column."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # the category Cc of Unicode
_OTHER_SEPARATORS = {";": "semicolons", ",": "commas", " ": "blanks"}


def read_rows(path: Path, needed: Sequence[str], *, is_confidential: bool = False) -> list[Row]:
    """Read the rows of a TSV; blanks around headers and cells are ignored.

    Blank rows are skipped, and so are trailing blank cells and columns, as spreadsheets write
    them. Every cell is text, as it was written.

    Parameters
    ----------
    needed
        Columns that must exist.
    is_confidential
        Whether messages quote nothing of the table: if its header is missing, the first
        person's row is taken for the names of columns.

    Raises
    ------
    ConfigError
        If the file is not such a table, lacks a column or has one twice, or a row has
        another number of cells than there are columns.
    """
    advice = f"Write it with the columns {', '.join(needed)}."
    table = _parse(read_text(path, advice), path.name)
    names = _trimmed(table[0][1]) if table else []
    _check_names(names, needed, path.name, is_confidential=is_confidential)
    rows: list[Row] = []
    for number, cells in table[1:]:
        where = f"{path.name} row {number}"
        _check_cells(names, cells, where)
        known = dict(zip(names, cells, strict=False))
        known.pop("", None)
        rows.append((where, known))
    return rows


def _parse(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of every row that is not blank."""
    table: list[tuple[int, list[str]]] = []
    number = 0
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
        for number, row in enumerate(lines, start=1):
            cells = [cell.strip() for cell in row]
            if any(cells):
                table.append((number, cells))
    except csv.Error as error:
        msg = (
            f"{name} must be a table with tabs between columns and quotation marks in pairs: "
            f"got an unpaired quotation mark, or a cell without an end, after row {number}. "
            "Save it as TSV."
        )
        raise ConfigError(msg) from error
    for number, cells in table:
        if any(map(_CONTROL.search, cells)):
            msg = (
                f"{name} row {number} must be text: got a line break or another control "
                "character within a cell. Remove it."
            )
            raise ConfigError(msg)
    return table


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Remove trailing blank cells."""
    filled = [k for k, cell in enumerate(cells, start=1) if cell]
    return list(cells[: max(filled, default=0)])


def _check_names(
    names: Sequence[str], needed: Sequence[str], table: str, *, is_confidential: bool
) -> None:
    if len(names) == 1 and len(needed) > 1:
        for sign, words in _OTHER_SEPARATORS.items():
            if sign in names[0]:
                msg = (
                    f"{table} must have tabs between columns: got {words}. Save it as "
                    "tab-separated text."
                )
                raise ConfigError(msg)
    missing = [name for name in needed if name not in names]
    if missing:
        others = f"{len(names)} others" if is_confidential else listed(names)
        msg = (
            f"{table} must have the columns {', '.join(needed)}: got no {', '.join(missing)} "
            f"among {others}. Add it; write n/a for what is unknown."
        )
        raise ConfigError(msg)
    twice = [k for k, name in enumerate(names, start=1) if name and name in names[: k - 1]]
    if twice:
        named = "" if is_confidential else f", {shown(names[twice[0] - 1])}"
        msg = (
            f"{table} must have each column once: got one name twice, again in column "
            f"{twice[0]}{named}. Rename or remove one."
        )
        raise ConfigError(msg)


def _check_cells(names: Sequence[str], cells: Sequence[str], where: str) -> None:
    """Refuse a row that is too short, or that has a cell in no column."""
    if len(cells) < len(names):
        msg = (
            f"{where} must have {len(names)} cells, one for each column: got {len(cells)}. "
            "Write n/a for what is unknown."
        )
        raise ConfigError(msg)
    for number, cell in enumerate(cells, start=1):
        if cell and (number > len(names) or not names[number - 1]):
            msg = (
                f"{where} must have cells only in columns with a name: got one in column "
                f"{number}, which has none. Name the column, or remove the cell."
            )
            raise ConfigError(msg)
