"""Participants in, measurements in and out."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.domain.table import Measurement, MeasurementTable
from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.files import read_json, write_json
from pipeline.store.tables import (
    read_measurements,
    read_participants,
    read_patient_map,
    read_table,
    write_measurements,
    write_table,
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
    """Each needed column has its turn."""
    kept = [c for c in ("participant_id", "group", "body_mass_kg") if c != column]

    with pytest.raises(ConfigError, match=f"must have the columns .*got no {column} among"):
        participants(tmp_path, "01\t70", header="\t".join(kept))


@pytest.mark.parametrize("mass", ["0", "-5", "seventy", "19.9", "301", "nan", "inf", ""])
def test_a_body_mass_that_cannot_be_is_refused(mass: str, tmp_path: Path) -> None:
    """The sentence names row and value."""
    with pytest.raises(ConfigError, match=f"row 3: body_mass_kg .* 20 to 300 kg: got '{mass}'"):
        participants(tmp_path, "01\ta\t70\tR", f"02\ta\t{mass}\tR")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("sub-01\ta\t70\tR", "once: got 'sub-01' again in row 3"),
        ("02\ta\t70\tboth", "row 3: side must be right, left or n/a: got 'both'"),
        ("a b\ta\t70\tR", "row 3: A participant label must be letters and digits: got 'a b'"),
    ],
)
def test_a_row_that_cannot_be_is_refused(row: str, words: str, tmp_path: Path) -> None:
    """Duplicates, unknown sides and labels that BIDS cannot name."""
    with pytest.raises(ConfigError, match=words):
        participants(tmp_path, "01\ta\t70\tR", row)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    """The sentence says which columns to write."""
    with pytest.raises(
        ConfigError, match=r"'participants.tsv': got none .*group, body_mass_kg"
    ):
        read_participants(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a\tb\n1\t2\t3\t4\n1\t2\n3\t4\t5\n"]
)
def test_a_table_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    """Empty, binary and ragged files are no tables."""
    (tmp_path / "participants.tsv").write_bytes(content)

    with pytest.raises(
        ConfigError, match=r"participants.tsv must (be a table|have the columns)"
    ):
        read_participants(tmp_path)


def test_written_tables_are_plain(tmp_path: Path) -> None:
    """Missing is n/a, booleans are words, floats have seven digits, 0 stays 0."""
    table = pd.DataFrame(
        {
            "a": [1 / 3, None],
            "b": [True, False],
            "c": ["n", None],
            "d": [0.0, 123456789.0],
            "e": [3, 4],
        }
    )
    write_table(table, tmp_path / "t.tsv", {"a": "A third"})

    assert (tmp_path / "t.tsv").read_bytes() == (
        b"a\tb\tc\td\te\n0.3333333\ttrue\tn\t0\t3\nn/a\tfalse\tn/a\t1.234568e+08\t4\n"
    )
    assert read_json(tmp_path / "t.json") == {"a": {"Description": "A third"}}


@pytest.fixture
def measured() -> MeasurementTable:
    """Make a table with something missing in each column that may miss."""
    rows = (
        Measurement("ABH", "rearfoot", 1234.5, 1200.25, 0.125, 210.5, 40.5, 80.0, False),
        Measurement("ABH", "forefoot", None, None, None, None, None, None, True),
        Measurement("INT", "total", 0.0, None, None, 0.0, None, 0.0, False),
    )
    return MeasurementTable(
        rows=rows,
        muscles=("ABH", "INT"),
        side=Side.LEFT,
        segmenter="atlas",
        border=Border("tmt1", 120.25),
        border_sensitivity_cm3_per_mm=0.75,
        foot_length_mm=245.5,
        cautions=(Caution("truncated", "Cut.", "measure"),),
    )


def test_measurements_come_back(measured: MeasurementTable, tmp_path: Path) -> None:
    """Unknown stays unknown and zero stays zero."""
    write_measurements(measured, tmp_path / "m.tsv", {"Sources": ["bids::a"]})

    assert read_measurements(tmp_path / "m.tsv") == measured
    assert read_json(tmp_path / "m.json")["Sources"] == ["bids::a"]


def test_an_unknown_foot_length_comes_back(measured: MeasurementTable, tmp_path: Path) -> None:
    """None is kept in the JSON."""
    write_measurements(replace(measured, foot_length_mm=None), tmp_path / "m.tsv")

    assert read_measurements(tmp_path / "m.tsv").foot_length_mm is None


def test_the_table_starts_as_bids_wants(measured: MeasurementTable, tmp_path: Path) -> None:
    """A dseg table has index and name."""
    write_measurements(measured, tmp_path / "m.tsv")

    table = read_table(tmp_path / "m.tsv")
    assert list(table.columns[:3]) == ["index", "name", "muscle"]
    assert table["index"].tolist() == [1, 1, 10]


@pytest.mark.parametrize("fact", ["Border", "Laterality", "Cautions", "FootLength_mm"])
def test_a_missing_fact_is_an_altered_artefact(
    fact: str, measured: MeasurementTable, tmp_path: Path
) -> None:
    """The sentence names it and the stage to run."""
    write_measurements(measured, tmp_path / "m.tsv")
    facts = read_json(tmp_path / "m.json")
    del facts[fact]
    write_json(facts, tmp_path / "m.json")

    with pytest.raises(ArtefactError, match=f"fault at .*{fact}.* measure stage"):
        read_measurements(tmp_path / "m.tsv")


@pytest.mark.parametrize(
    ("fact", "value"),
    [("CI95_cm3", []), ("FootLength_mm", 10**400), ("Border", 3), ("Cautions", [1])],
)
def test_a_fact_of_another_kind_is_an_altered_artefact(
    fact: str, value: object, measured: MeasurementTable, tmp_path: Path
) -> None:
    """Whatever stands there, the sentence is one."""
    write_measurements(measured, tmp_path / "m.tsv")
    write_json(read_json(tmp_path / "m.json") | {fact: value}, tmp_path / "m.json")

    with pytest.raises(ArtefactError, match=r"complete: got a value of another kind\."):
        read_measurements(tmp_path / "m.tsv")


def test_a_missing_measurement_table_is_told(tmp_path: Path) -> None:
    """It has the exit code of a missing artefact."""
    with pytest.raises(ArtefactError, match=r"table 'm.tsv' must exist"):
        read_measurements(tmp_path / "m.tsv")


def test_a_patient_map_gives_labels(tmp_path: Path) -> None:
    """Several IDs may be one participant; leading zeros stay."""
    path = tmp_path / "map.tsv"
    path.write_text("patient_id\tparticipant_id\n007\tsub-01\nP 8\t01\n9\t02\n")

    assert read_patient_map(path) == {"007": "01", "P 8": "01", "9": "02"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patient_id\tlabel\n7\t01\n", "columns patient_id and participant_id: got 2 others"),
        ("patient_id\tparticipant_id\n7\t01\n7\t02\n", r"second one in row 3 of map\.tsv"),
        ("patient_id\tparticipant_id\n7\ta b\n", "letters and digits"),
    ],
)
def test_a_patient_map_that_is_none_is_told(text: str, words: str, tmp_path: Path) -> None:
    """By its row; the IDs in it are not printed."""
    (tmp_path / "map.tsv").write_text(text)

    with pytest.raises(ConfigError, match=words):
        read_patient_map(tmp_path / "map.tsv")
