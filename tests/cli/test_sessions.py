"""Commands over participants who were scanned several times, with stages that take no time."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from sessions import NAMES, add_sessions

from pipeline.cli import main

pytestmark = [pytest.mark.usefixtures("calls"), pytest.mark.integration]
NOT_COMPARED = "one scan of each participant: got several of ['sub-01', 'sub-02']. Choose with"
OF_SECOND = [name for name in NAMES if "ses-02" in name]


@pytest.fixture
def raw(bids_dir: Path) -> Path:
    """Make the dataset."""
    return add_sessions(bids_dir)


def footvol(*words: object) -> int:
    """Run a command."""
    return main([str(word) for word in words])


def rows_of(table: Path) -> dict[str, Mapping[str, str]]:
    """Read a table by scan."""
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    keys = [(row["participant_id"], row["session"], row["run"]) for row in rows]
    names = ["_".join(word for word in key if word != "n/a") for key in keys]
    return dict(zip(names, rows, strict=True))


def test_each_scan_has_its_row_page_record_and_outputs(raw: Path, tmp_path: Path) -> None:
    """A repeated run finds all of them up to date."""
    assert footvol("run", raw, tmp_path / "out") == 0
    out = tmp_path / "out"

    for table in ("volumes.tsv", "muscles.tsv"):
        assert list(rows_of(out / table)) == list(NAMES)
    assert len({row["total_cm3"] for row in rows_of(out / "volumes.tsv").values()}) > 5
    for name in NAMES:
        who, session = name.split("_")[:2]
        assert (out / f"{name}.html").exists()
        assert (out / "logs" / name / "measure.json").exists()
        assert (out / who / session / "anat" / f"{name}_seg-muscles_dseg.nii.gz").exists()
        assert (out / who / "figures" / f"{name}_thumbnail.jpg").exists()
    files = {path: path.stat().st_mtime_ns for path in out.rglob("*.nii.gz")}
    assert footvol("run", raw, out) == 0
    assert files == {path: path.stat().st_mtime_ns for path in out.rglob("*.nii.gz")}


def test_dependent_rows_are_not_compared_and_a_run_says_why(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All volumes are there; the sentence is printed again when nothing is left to do."""
    out = tmp_path / "out"
    for _ in range(2):
        footvol("run", raw, out, "--set", "compare.latex=true")
        assert NOT_COMPARED in capsys.readouterr().out

    assert len((out / "statistics.tsv").read_text().splitlines()) == 1
    assert len((out / "border_statistics.tsv").read_text().splitlines()) == 1
    assert NOT_COMPARED in (out / "statistics.md").read_text()
    assert not (out / "statistics.tex").exists()
    assert not (out / "figures").exists()


def test_compare_refuses_dependent_rows_until_a_session_is_chosen(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then the other sessions are named as left out, and keep their volumes."""
    out = tmp_path / "out"
    footvol("run", raw, out)
    assert footvol("compare", raw, out) == 2
    assert NOT_COMPARED in capsys.readouterr().err

    assert footvol("compare", raw, out, "--session-label", "ses-01") == 0
    statistics = (out / "statistics.tsv").read_text().splitlines()
    assert statistics[1].split("\t")[3:5] == ["3", "3"]
    rows = rows_of(out / "volumes.tsv")
    assert [name for name, row in rows.items() if row["status"] == "excluded"] == OF_SECOND
    assert rows["sub-01_ses-02"]["reason"] == "not chosen by --session-label ses-01"
    assert rows["sub-01_ses-02"]["total_cm3"] != "n/a"
    assert "- sub-01_ses-02: excluded: not chosen" in (out / "statistics.md").read_text()


def test_only_chosen_sessions_and_runs_are_processed(
    raw: Path, tmp_path: Path, calls: list[str]
) -> None:
    """In all commands over participants; a run may be written with zeros."""
    out = tmp_path / "out"
    assert footvol("segment", raw, out, "--session-label", "02", "--run", "02") == 5
    assert footvol("preprocess", raw, out, "--session-label", "02", "--run", "02") == 0
    assert calls == ["02 preprocess"]
    assert sorted(path.name for path in (out / "logs").glob("sub-*")) == ["sub-02_ses-02_run-2"]

    assert footvol("run", raw, out, "--session-label", "01", "--session-label", "ses-02",
                   "--run", "2") == 0  # fmt: skip
    rows = rows_of(out / "volumes.tsv")
    assert [name for name, row in rows.items() if row["status"] == "ok"] == [
        "sub-02_ses-02_run-2"
    ]


def test_status_tells_of_each_scan(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With session and run; only of the chosen ones."""
    out = tmp_path / "out"
    footvol("preprocess", raw, out, "--participant-label", "02")
    capsys.readouterr()

    assert footvol("status", raw, out, "--json", "--session-label", "02") == 0
    told = json.loads(capsys.readouterr().out)["participants"]
    assert [(t["participant_id"], t["session"], t["run"]) for t in told] == [
        ("sub-01", "ses-02", None),
        ("sub-02", "ses-02", "run-1"),
        ("sub-02", "ses-02", "run-2"),
    ]
    footvol("status", raw, out, "--participant-label", "02", "--run", "1")
    assert "sub-02_ses-02_run-1: segment" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--session-label", "3"],
            "--session-label must name a session of the dataset: got ['3'], not among "
            "['ses-01', 'ses-02']. Nearest to '3': ",
        ),
        (["--run", "3"], "--run must name a run of the dataset: got ['3'], not among ['run-1'"),
        (
            ["--session-label", "02", "--participant-label", "03"],
            "must have a scan in the chosen sessions and runs: got none for ['sub-03']",
        ),
        (["--shard", "1/2", "--run", "1"], "got --shard with ['--session-label or --run']"),
    ],
)
def test_a_choice_without_a_scan_is_refused(
    words: list[str],
    sentence: str,
    raw: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is written."""
    assert footvol("run", raw, tmp_path / "out", *words) == 2

    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_dataset_without_sessions_has_none_to_choose(
    bids_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence says so."""
    assert footvol("run", bids_dir, tmp_path / "out", "--session-label", "01") == 2

    assert "got ['01'], and no scan has a session in its name." in capsys.readouterr().err


def test_an_exclusion_concerns_one_scan_or_all_of_a_participant(
    raw: Path, tmp_path: Path
) -> None:
    """By its columns session and run."""
    table, out = tmp_path / "left_out.tsv", tmp_path / "out"
    rows = ("sub-01\t01\tn/a\tmoved", "sub-02\tn/a\tn/a\tpain", "03\tses-01\tn/a\twrap")
    table.write_text("participant_id\tsession\trun\treason\n" + "\n".join(rows) + "\n")

    assert footvol("run", raw, out, "--exclude", table) == 0

    found = {name: row["reason"] for name, row in rows_of(out / "volumes.tsv").items()}
    assert {name: reason for name, reason in found.items() if reason != "n/a"} == {
        "sub-01_ses-01": "moved",
        **dict.fromkeys(("sub-02_ses-01", *OF_SECOND[1:]), "pain"),
        "sub-03_ses-01": "wrap",
    }
    assert len((out / "statistics.tsv").read_text().splitlines()) > 1


def test_an_unknown_scan_in_an_exclusion_is_refused(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the nearest."""
    table = tmp_path / "left_out.tsv"
    table.write_text("participant_id\tsession\treason\nsub-01\tses-04\tmoved\n")

    assert footvol("run", raw, tmp_path / "out", "--exclude", table) == 2
    assert "got ['sub-01_ses-04'], not among its 9. Nearest to" in capsys.readouterr().err


def test_shards_have_all_scans_of_their_participants(raw: Path, tmp_path: Path) -> None:
    """And together they are the run."""
    out = tmp_path / "out"
    for number in (1, 2):
        assert footvol("run", raw, out, "--shard", f"{number}/2") == 0

    assert sorted(path.name for path in (out / "logs").glob("sub-*")) == list(NAMES)
    assert footvol("run", raw, out, "--session-label", "01") == 0


def test_the_body_mass_of_a_session_takes_precedence(raw: Path, tmp_path: Path) -> None:
    """Where the table of sessions has one."""
    table = "session_id\tbody_mass_kg\nses-01\tn/a\nses-02\t66\n"
    (raw / "sub-01" / "sub-01_sessions.tsv").write_text(table)
    footvol("run", raw, tmp_path / "out")

    rows = rows_of(tmp_path / "out" / "volumes.tsv")
    assert rows["sub-01_ses-01"]["body_mass_kg"] == "61.5"
    assert rows["sub-01_ses-02"]["body_mass_kg"] == "66"


def test_pairs_are_checked_once_for_each_participant(raw: Path, tmp_path: Path) -> None:
    """Sessions of one participant are no two members of a pair."""
    table = raw / "participants.tsv"
    pairs = ("pair", "a", "b", "c", "a", "b", "c")
    lines = table.read_text().splitlines()
    rows = zip(lines, pairs, strict=True)
    table.write_text("".join(f"{line}\t{pair}\n" for line, pair in rows))
    paired = ("--set", "compare.design=paired")

    assert footvol("run", raw, tmp_path / "out", *paired) == 0
    assert footvol("run", raw, tmp_path / "out", *paired, "--session-label", "01") == 0
    first = (tmp_path / "out" / "statistics.tsv").read_text().splitlines()[1]
    assert first.split("\t")[3:5] == ["3", "3"]
