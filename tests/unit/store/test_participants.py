"""Who takes part, as tables of spreadsheets and databases say it."""

from pathlib import Path

import pytest

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError
from pipeline.store.participants import (
    read_participants,
    read_patient_map,
    read_reasons,
)


def participants(folder: Path, *rows: str, header: str = "") -> dict[str, Participant]:
    """Write a table of participants and read it."""
    lines = (header or "participant_id\tgroup\tbody_mass_kg\tside", *rows)
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    return read_participants(folder)


def test_rows_become_participants(tmp_path: Path) -> None:
    """With or without sub-; n/a is None."""
    found = participants(tmp_path, "sub-01\thealthy\t70.5\tright", "02\tn/a\tn/a\tn/a")

    assert found == {
        "01": Participant("01", "healthy", 70.5, Side.RIGHT),
        "02": Participant("02", None, None, None),
    }


@pytest.mark.parametrize(
    ("cell", "side"),
    [
        ("right", Side.RIGHT),
        ("R", Side.RIGHT),
        ("left", Side.LEFT),
        ("L", Side.LEFT),
        ("n/a", None),
    ],
)
def test_sides_are_words_or_letters(cell: str, side: Side | None, tmp_path: Path) -> None:
    """DICOM's letters and BIDS's words mean the same."""
    assert participants(tmp_path, f"01\ta\t70\t{cell}")["01"].side is side


@pytest.mark.parametrize("column", ["participant_id", "group", "body_mass_kg"])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    """Each required column."""
    kept = [c for c in ("participant_id", "group", "body_mass_kg") if c != column]

    with pytest.raises(ConfigError, match=f"must have the columns .*got no {column} among"):
        participants(tmp_path, "01\t70", header="\t".join(kept))


@pytest.mark.parametrize(
    "mass",
    [
        *(
            "0",
            "-5",
            "seventy",
            "19.9",
            "301",
            "nan",
            "inf",
            "",
            "6_5",
            "70,5",
            "1e5000",
            "0x46",
        ),
        *("\uff17\uff10", "\u0667\u0660", "70 kg", "None", "NA", "null", "N/A", "true"),
    ],
)
def test_an_implausible_body_mass_is_refused(mass: str, tmp_path: Path) -> None:
    """The message gives row and value; only n/a is missing, and only 0 to 9 are digits."""
    with pytest.raises(ConfigError, match=f"row 3: body_mass_kg .* 20 to 300 kg: got '{mass}'"):
        participants(tmp_path, "01\ta\t70\tR", f"02\ta\t{mass}\tR")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("sub-01\ta\t70\tR", "once: got 'sub-01' in .* row 2 and again in .* row 3"),
        ("02\ta\t70\tboth", "row 3: side must be right, left or n/a: got 'both'"),
        ("02\ta\t70\t" + "x" * 5000, r"left or n/a: got 'x{96}\.\.\.\. Correct it"),
        ("02\ta\t" + "7" * 5000 + "\tR", r"to 300 kg: got '7{96}\.\.\.\. Correct it"),
        ("a b\ta\t70\tR", "row 3: participant_id must be letters and digits.*got 3 characters"),
    ],
)
def test_an_invalid_row_is_refused(row: str, words: str, tmp_path: Path) -> None:
    """Duplicates, unknown sides and invalid labels."""
    with pytest.raises(ConfigError, match=words):
        participants(tmp_path, "01\ta\t70\tR", row)


def test_a_missing_table_is_reported(tmp_path: Path) -> None:
    """The message lists the columns to write."""
    with pytest.raises(
        ConfigError, match=r"'participants.tsv': got none .*group, body_mass_kg"
    ):
        read_participants(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a\tb\n1\t2\t3\t4\n1\t2\n3\t4\t5\n"]
)
def test_an_invalid_table_is_refused(content: bytes, tmp_path: Path) -> None:
    """Empty, binary and ragged files."""
    (tmp_path / "participants.tsv").write_bytes(content)

    with pytest.raises(ConfigError, match=r"participants.tsv (must|row 2 must) (be text|have)"):
        read_participants(tmp_path)


def test_a_patient_map_gives_labels(tmp_path: Path) -> None:
    """Several IDs may be one participant; leading zeros stay."""
    path = tmp_path / "map.tsv"
    path.write_text("patient_id\tparticipant_id\n007\tsub-01\nP 8\t01\n9\t02\n")

    assert read_patient_map(path) == {"007": "01", "P 8": "01", "9": "02"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "patient_id\tlabel\n7\t01\n",
            "columns patient_id, participant_id: got no participant_id among 2 others",
        ),
        ("patient_id\tparticipant_id\n7\t01\n7\t02\n", r"second one in map\.tsv row 3"),
        ("patient_id\tparticipant_id\n7\tA Doe\n", r"row 2: .* got 5 characters with others"),
        ("patient_id\tparticipant_id\n7\t\n", r"row 2: participant_id .* got none"),
        ("patient_id\tparticipant_id\n\t01\n", r"row 2 must have a patient_id: got none"),
        ("patient_id\tparticipant_id\nn/a\t01\n", r"row 2 must have a patient_id"),
        ("7\tDoe\n8\t01\n", "got no patient_id, participant_id among 2 others"),
        ("A Doe\tA Doe\tpatient_id\tparticipant_id\n", r"again in column 2\. Rename"),
    ],
)
def test_an_invalid_patient_map_is_reported(text: str, words: str, tmp_path: Path) -> None:
    """By its row; IDs are not printed."""
    (tmp_path / "map.tsv").write_text(text)

    with pytest.raises(ConfigError, match=words) as refused:
        read_patient_map(tmp_path / "map.tsv")
    assert "Doe" not in str(refused.value)


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A", "nan", "-", "01", "1.0", "TRUE"])
def test_a_group_is_kept_as_it_is_written(word: str, tmp_path: Path) -> None:
    """Other programs' words for missing are text, and numbers keep their zeros."""
    assert participants(tmp_path, f"01\t{word}\t70\tR")["01"].group == word


def test_labels_and_columns_are_cleaned_once(tmp_path: Path) -> None:
    """Prefix and blanks are not part of a label; a leading zero is."""
    found = participants(
        tmp_path,
        "01\tx\t70\t41",
        " sub-a1 \tx\t70\t42",
        "1\tx\t70\t43",
        header="participant_id \t group\tbody_mass_kg\tage",
    )

    assert {who.participant_id: who.cells["age"] for who in found.values()} == {
        "sub-01": "41",
        "sub-a1": "42",
        "sub-1": "43",
    }


def test_a_participant_has_a_reason(tmp_path: Path) -> None:
    """By label, with or without sub-."""
    path = tmp_path / "review.tsv"
    path.write_text("participant_id \treason\t\n 01\tmoved\t\nsub-2\tn/a\n")

    assert read_reasons(path) == {ScanKey("01"): "moved", ScanKey("2"): "n/a"}
