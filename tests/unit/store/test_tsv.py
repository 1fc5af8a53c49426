"""Tables as spreadsheets, editors and databases save them."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.store.tsv import read_rows

NEEDED = ("a", "b")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the table."""
    return tmp_path / "table.tsv"


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\n1\t2\n",
        "a\tb\r\n1\t2\r\n",
        "a\tb\r1\t2\r",
        "\ufeffa\tb\n1\t2",
        " a\tb \n1 \t\u00a02\n",
        "a\tb\t\t\n1\t2\t\t\n\t\t\t\n\n",
        "a\tb\n1\t2\t\n",
        "a\t\tb\n1\t\t2\n",
        '"a"\t"b"\n"1 "\t2\n',
    ],
)
def test_one_table_in_many_spellings(text: str, path: Path) -> None:
    """Line breaks, marks, blanks, quotation marks and trailing empty cells do not matter."""
    path.write_bytes(text.encode())

    assert read_rows(path, NEEDED) == [("table.tsv row 2", {"a": "1", "b": "2"})]


def test_cells_are_text_as_it_was_written(path: Path) -> None:
    """Nothing is converted to a number, a date or a missing value."""
    path.write_text("a\tb\n007\tNone\n1e3\tNA\n")

    assert [cells for _, cells in read_rows(path, NEEDED)] == [
        {"a": "007", "b": "None"},
        {"a": "1e3", "b": "NA"},
    ]


def test_rows_are_counted_as_a_spreadsheet_does(path: Path) -> None:
    """Blank rows count, too."""
    path.write_text("a\tb\n\n1\t2\n\t\n3\t4\n")

    assert [where for where, _ in read_rows(path, NEEDED)] == [
        "table.tsv row 3",
        "table.tsv row 5",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a;b\n1;2\n", "tabs between columns: got semicolons"),
        (b"a,b\n1,2\n", "tabs between columns: got commas"),
        (b"a  b\n1  2\n", "tabs between columns: got blanks"),
        ("a\tb\n1\t2\n1\t\xe4\n".encode("latin-1"), "the byte 0xE4 in line 3, as accented"),
        ("a\tb\n1\t2\n".encode("utf-16"), "in UTF-8: got UTF-16"),
        ("a\tb\n1\t2\n".encode("utf-16-be"), "got zero bytes, as in UTF-16"),
        (b"PK\x03\x04\x14", "got a spreadsheet program's own file"),
        (b"", "columns a, b: got no a, b among"),
        (b"a\tc\n1\t2\n", r"got no b among \['a', 'c'\]"),
        (b"a\tb\tb \n1\t2\t3\n", "column once: got one name twice, again in column 3, 'b'"),
        (b"a\tb\n1\t2\n3\n", "row 3 must have 2 cells, one for each column: got 1"),
        (b"a\tb\n1\t2\t3\n", "row 2 must have cells only in .* column 3, which has none"),
        (b"a\t\tb\n1\tx\t2\n", "row 2 must have cells only in .* column 2, which has none"),
        (
            b'a\tb\n1\t"2\n3\t4\n',
            "in pairs: got an unpaired quotation mark, .* after row 1\\.",
        ),
        (
            b'a\tb\n1\t2\n"3" \t4\n',
            "got an unpaired quotation mark, .* after row 2\\. Save",
        ),
        (b"c" * 5000 + b"\tb\n1\t2\n", r"got no a among \['c{96}\.\.\., 'b'\]\. Add it"),
        (b'a\tb\n1\t"2\n3\t4"\n', "row 2 must be text: got a line break"),
        (b"a\tb\n1\t\x1b[31m2\n", "row 2 must be text: got .* control character"),
    ],
)
def test_an_invalid_table_is_reported_with_the_cause(
    content: bytes, words: str, path: Path
) -> None:
    """Separator, encoding, columns or row."""
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=words):
        read_rows(path, NEEDED)


def test_columns_of_a_wide_table_are_not_all_listed(path: Path) -> None:
    """Two thousand columns are only counted."""
    path.write_text("\t".join(f"c{k}" for k in range(2000)))

    with pytest.raises(ConfigError, match=r"'c7'\] and 1992 more\."):
        read_rows(path, NEEDED)


def test_a_folder_is_not_a_table(path: Path) -> None:
    """Nor is a pipe, which would block."""
    path.mkdir()

    with pytest.raises(
        ConfigError, match=r"file 'table\.tsv': got something else of that name"
    ):
        read_rows(path, NEEDED)
