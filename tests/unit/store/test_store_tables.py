"""Measurements in and out."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json
from pipeline.store.tables import (
    read_measurements,
    read_table,
    write_measurements,
    write_table,
)


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
        segmenter="network",
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


def test_words_that_look_like_numbers_come_back_as_words(tmp_path: Path) -> None:
    """A group may be called 01."""
    write_table(pd.DataFrame({"group_a": ["01", None], "p": [0.5, 1]}), tmp_path / "t.tsv", {})

    back = read_table(tmp_path / "t.tsv", ("group_a",))

    assert back["group_a"].dropna().tolist() == ["01"]
    assert back["p"].tolist() == [0.5, 1]
