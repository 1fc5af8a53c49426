"""The commands over participants, with stages that take no time."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.cli import main

pytestmark = pytest.mark.usefixtures("calls")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give the path of OUT, which does not exist yet."""
    return tmp_path / "out"


def footvol(*words: object) -> int:
    """Run a command."""
    return main([str(word) for word in words])


@pytest.mark.integration
def test_run_prints_the_tables_and_the_report(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without failures: code 0, a row per participant, and the path of the report."""
    assert footvol("run", bids_dir, out) == 0

    printed = capsys.readouterr().out
    assert all(f"sub-0{number}" in printed for number in range(1, 7))
    assert "rearfoot_mm3_per_kg" in printed
    assert f"Report: {out / 'report.html'}" in printed
    written = {path.name for path in out.iterdir()}
    assert written >= {"dataset_description.json", "dseg.tsv", "config.toml", ".bidsignore"}
    assert written >= {"volumes.tsv", "volumes.json", "statistics.tsv", "statistics.json"}
    assert written >= {"report.html", "sub-06.html", "logs", "sub-06"}
    assert written >= {"muscles.tsv", "border_sweep.tsv", "border_statistics.tsv"}
    figures = {path.name for path in (out / "figures").iterdir()}
    plots = ("border", "effects", "groups", "main")
    assert figures == {f"{name}.{ending}" for name in plots for ending in ("svg", "png")}


@pytest.mark.integration
def test_run_prints_each_stage_on_stderr(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal, progress is plain lines."""
    footvol("run", bids_dir, out, "--participant-label", "sub-02")
    printed = capsys.readouterr().err.splitlines()
    footvol("run", bids_dir, out, "--participant-label", "02")
    told_again = capsys.readouterr().err.splitlines()

    assert [line.split(":")[0] for line in printed[:2]] == [
        "sub-02 preprocess",
        "sub-02 segment",
    ]
    assert told_again[0] == "sub-02: up to date (1 of 1)"
    assert "\x1b" not in "".join(printed)


@pytest.mark.integration
def test_quiet_is_silent(bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only errors are printed."""
    assert footvol("run", bids_dir, out, "-q") == 0

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.integration
def test_verbose_prints_more(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start of each stage is printed, too."""
    footvol("run", bids_dir, out, "-v")

    assert "sub-01 preprocess: starts" in capsys.readouterr().err
    assert logging.getLogger("pipeline").level == logging.NOTSET


@pytest.mark.integration
def test_run_again_gives_the_same_bytes(bids_dir: Path, out: Path) -> None:
    """Neither skipped nor repeated stages change a byte of the tables."""
    names = ("volumes.tsv", "statistics.tsv", "report.html", "sub-01.html", "config.toml")
    footvol("run", bids_dir, out)
    first = [(out / name).read_bytes() for name in names]
    footvol("run", bids_dir, out)
    second = [(out / name).read_bytes() for name in names]
    footvol("run", bids_dir, out, "--force")
    third = [(out / name).read_bytes() for name in names]

    assert first == second == third


@pytest.mark.integration
def test_a_failed_participant_gives_3_and_a_row(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are measured."""
    spoil_scan(bids_dir, "02")

    assert footvol("run", bids_dir, out) == 3
    captured = capsys.readouterr()
    assert "sub-02: No foot was found" in captured.err
    assert "Traceback" not in captured.err
    rows = (out / "volumes.tsv").read_text().splitlines()
    assert "\tfailed\t" in rows[2]
    assert "\tok\t" in rows[6]


@pytest.mark.integration
def test_an_excluded_failure_gives_0(bids_dir: Path, out: Path, tmp_path: Path) -> None:
    """The review has excluded that participant."""
    spoil_scan(bids_dir, "02")
    review = tmp_path / "review.tsv"
    review.write_text("participant_id\treason\nsub-02\tno foot\n")

    assert footvol("run", bids_dir, out, "--exclude", review) == 0
    assert "\texcluded\t" in (out / "volumes.tsv").read_text().splitlines()[2]


def test_participants_after_the_first_failure_are_not_run(bids_dir: Path, out: Path) -> None:
    """The table marks them."""
    spoil_scan(bids_dir, "02")

    assert footvol("run", bids_dir, out, "--stop-on-first-failure") == 3
    assert "\tnot run\t" in (out / "volumes.tsv").read_text().splitlines()[3]


def test_a_dry_run_writes_nothing(
    bids_dir: Path, out: Path, calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what would be done."""
    assert footvol("run", bids_dir, out, "--dry-run") == 0

    assert "sub-06: would do preprocess, segment" in capsys.readouterr().out
    assert not out.exists()
    assert calls == []


@pytest.mark.parametrize(
    "words", [("--participant-label", "01", "02"), ("--participant-label=01", "02")]
)
def test_one_option_takes_several_labels(
    bids_dir: Path, out: Path, calls: list[str], words: Sequence[str]
) -> None:
    """As in BIDS apps."""
    assert footvol("preprocess", bids_dir, out, *words) == 0
    assert calls == ["01 preprocess", "02 preprocess"]


@pytest.mark.integration
def test_single_stages_give_the_same_as_run(bids_dir: Path, tmp_path: Path) -> None:
    """The command run consists of the others."""
    apart, whole = tmp_path / "apart", tmp_path / "whole"
    for command in ("preprocess", "segment", "regions", "measure", "compare", "report"):
        assert footvol(command, bids_dir, apart) == 0
    footvol("run", bids_dir, whole)

    for name in ("volumes.tsv", "statistics.tsv", "report.html", "config.toml"):
        assert (apart / name).read_bytes() == (whole / name).read_bytes()


def test_a_stage_without_its_inputs_gives_5(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the command to run first."""
    assert footvol("measure", bids_dir, out) == 5
    assert "Run `footvol preprocess` first" in capsys.readouterr().err


def test_an_unusable_scan_gives_4_in_its_stage(bids_dir: Path, out: Path) -> None:
    """A single stage keeps the error's own code."""
    spoil_scan(bids_dir, "02")
    footvol("preprocess", bids_dir, out)

    assert footvol("segment", bids_dir, out) == 4


@pytest.mark.integration
def test_altered_outputs_give_5(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An edit is reported, kept, and overwritten only with --force."""
    footvol("run", bids_dir, out)
    edited = out / "sub-01/anat/sub-01_seg-bones_dseg.nii.gz"
    edited.write_bytes(b"edited")
    capsys.readouterr()

    assert footvol("run", bids_dir, out) == 5
    assert "sub-01_seg-bones_dseg.nii.gz" in capsys.readouterr().err
    assert edited.read_bytes() == b"edited"
    assert footvol("run", bids_dir, out, "--force") == 0


@pytest.mark.integration
def test_compare_shows_participants_that_were_not_run(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have a row in the table."""
    footvol("run", bids_dir, out, "--participant-label", "01")
    capsys.readouterr()

    assert footvol("compare", bids_dir, out) == 0
    assert capsys.readouterr().out.count("not run") == 5


@pytest.mark.integration
def test_compare_accepts_column_and_reference(bids_dir: Path, out: Path) -> None:
    """The two options are settings, too."""
    footvol("run", bids_dir, out)

    assert footvol("compare", bids_dir, out, "--group-column", "sex", "--reference", "F") == 0
    assert "\tF\tM\t" in (out / "statistics.tsv").read_text()


@pytest.mark.integration
def test_a_single_scan_keeps_the_error_code(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code is that of the error."""
    image = tmp_path / "foot 1.nii.gz"
    image.write_bytes(b"unusable")

    assert footvol("scan", image, out) == 4
    assert "sub-foot1: No foot was found" in capsys.readouterr().err
    image.write_bytes(b"fine")
    assert footvol("scan", image, out, "--side", "right", "--body-mass-kg", "71.5") == 0
    assert "\t71.5\t" in (out / "volumes.tsv").read_text()


def test_a_single_scan_prints_its_volumes_and_nothing_unknown(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no column of n/a, and no comparison, in print or in words."""
    (tmp_path / "foot.nii.gz").write_bytes(b"fine")

    assert footvol("scan", tmp_path / "foot.nii.gz", out) == 0
    printed = capsys.readouterr().out
    assert "sub-foot" in printed
    assert "total_cm3" in printed
    assert "n/a" not in printed
    assert "group" not in printed
    assert "No groups were compared" in (out / "statistics.md").read_text()


@pytest.mark.integration
def test_a_terminal_gets_a_bar(
    bids_dir: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The bar is shown below the lines, and removed at the end."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    assert footvol("run", bids_dir, out) == 0
    printed = capsys.readouterr().err
    assert "participants" in printed
    assert "6/6" in printed
    assert "/h" in printed  # the rate


@pytest.mark.integration
def test_optional_tables_are_written_on_request_and_then_updated(
    bids_dir: Path, out: Path
) -> None:
    """A LaTeX or CSV table is never older than the statistics."""
    footvol("run", bids_dir, out)
    asked = [out / "statistics.tex", out / "statistics.csv"]
    assert not any(path.exists() for path in asked)
    assert "# Comparison of groups" in (out / "statistics.md").read_text()

    assert footvol("compare", bids_dir, out, "--latex", "--csv") == 0
    first = [path.read_text() for path in asked]
    footvol("compare", bids_dir, out, "--set", "compare.test=student")

    assert ",welch," in first[1]
    assert ",student," in asked[1].read_text()
    assert first[0] != asked[0].read_text()


@pytest.mark.integration
def test_scratch_files_of_killed_runs_are_removed(bids_dir: Path, out: Path) -> None:
    """Also in the folders of records and plots, and those of lost workers."""
    for folder in ("", "figures", "logs", "logs/sub-06"):
        (out / folder / ".footvol-dead" / "files").mkdir(parents=True)

    assert footvol("run", bids_dir, out) == 0
    assert not [*out.rglob(".footvol-*")]
