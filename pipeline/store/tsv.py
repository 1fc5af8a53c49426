"""Tables that people make: tab-separated text, read strictly or refused with the cause."""

import csv
import io
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import ConfigError, listed, shown
from pipeline.store.content import check_content

Row = tuple[str, Mapping[str, str]]
"""Where a row stands, such as ``participants.tsv row 3``, and its cells by column."""

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_OTHER_SEPARATORS = {";": "semicolons", ",": "commas", " ": "blanks"}


def read_text(path: Path, advice: str) -> str:
    """Read text in UTF-8 that a person made, with or without a byte order mark.

    Parameters
    ----------
    advice
        What to do where there is no such file.

    Raises
    ------
    ConfigError
        If there is no such file, or it is in another encoding, which is named.
    """
    check_content(path, ConfigError)
    if not path.is_file():
        got = "something else of that name" if path.exists() else "none"
        msg = f"There must be a file {path.name!r}: got {got} in {str(path.parent)!r}. {advice}"
        raise ConfigError(msg)
    try:
        return _decoded(path.read_bytes(), path.name)
    except OSError as error:
        msg = (
            f"{path.name} must be readable: the system says {error.strerror!r}. Check its "
            "permissions."
        )
        raise ConfigError(msg) from error


def read_rows(path: Path, needed: Sequence[str], *, is_confidential: bool = False) -> list[Row]:
    """Read the rows of a TSV; blanks about headers and cells do not count.

    Blank rows are left out, and so are cells and columns that are blank from there on to the
    right, as spreadsheets write them. Every cell is text, as it was written.

    Parameters
    ----------
    needed
        Columns that must be there.
    is_confidential
        Whether nothing of the table may be printed; without its header, the first row of
        persons stands in place of the names of columns.

    Raises
    ------
    ConfigError
        If the file is no such table, lacks a column or has one twice, or a row has another
        number of cells than there are columns.
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


def _decoded(content: bytes, name: str) -> str:
    """Decode UTF-8; what else there is, is named without quoting any word of it."""
    try:
        if content.startswith(_SPREADSHEETS):
            cause = "a spreadsheet program's own file"
        elif content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            cause = "UTF-16"
        elif b"\0" in content:
            cause = "zero bytes, as UTF-16 and files that are no text have"
        else:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cause = (
            f"the byte 0x{content[error.start]:02X} in line {line}, as Latin-1 and "
            "Windows-1252 have for letters with accents"
        )
    msg = f"{name} must be text in UTF-8: got {cause}. Save it as UTF-8."
    raise ConfigError(msg)


def _parse(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Give number and cells of every row that is not blank."""
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
            f"got a quotation mark without its other one, or a cell without end, after row "
            f"{number}. Save it as TSV."
        )
        raise ConfigError(msg) from error
    for number, cells in table:
        if any(unicodedata.category(sign) == "Cc" for cell in cells for sign in cell):
            msg = (
                f"{name} row {number} must hold text: got a line break or another control "
                "character within a cell. Take it out."
            )
            raise ConfigError(msg)
    return table


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Leave out the blank cells at the end."""
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
        told = f"{len(names)} others" if is_confidential else listed(names)
        msg = (
            f"{table} must have the columns {', '.join(needed)}: got no {', '.join(missing)} "
            f"among {told}. Add it; write n/a for what is unknown."
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
                f"{where} must have its cells in columns with a name: got one in column "
                f"{number}, which has none. Name the column, or remove the cell."
            )
            raise ConfigError(msg)
