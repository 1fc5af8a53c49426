"""The call of BIDS Apps."""

from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.cli import main
from pipeline.cli.bids_app_command import as_command


def footvol(*words: object) -> int:
    """Run a command."""
    return main([str(word) for word in words])


@pytest.mark.parametrize(
    ("call", "command"),
    [
        ("bids out participant", "participant bids out"),
        ("bids out group --skip_bids_validator", "group bids out --skip-bids-validator"),
        (
            "bids out participant --participant_label 01 sub-02 --session-label a b --jobs 2",
            "participant bids out --participant-label 01 --participant-label sub-02 "
            "--session-label a --session-label b --jobs 2",
        ),
        (
            "b o participant --run 1 2 --set a_b=c_d -v --participant_label=0_1",
            "participant b o --run 1 --run 2 --set a_b=c_d -v --participant-label=0_1",
        ),
        ("run bids participant --run 1 2", "run bids participant --run 1 --run 2"),
        ("run --run 1 bids participant", "run --run 1 bids participant"),
        ("bids out", "bids out"),
        ("bids out session --participant_label 1", "bids out session --participant_label 1"),
    ],
)
def test_the_words_become_those_of_a_command(call: str, command: str) -> None:
    """Unless the first is a command, or the third no level of analysis."""
    assert as_command(call.split(), {"run", "scan"}) == command.split()


@pytest.mark.integration
@pytest.mark.usefixtures("calls")
def test_both_levels_do_what_a_run_does(
    bids_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first measures and writes no tables; the second writes the same ones."""
    out = tmp_path / "out"
    for labels in (("01", "sub-02"), ("03", "04", "05", "06")):
        assert footvol(bids_dir, out, "participant", "--participant_label", *labels) == 0
    assert "All stages: 4 of 4 participants, in " in capsys.readouterr().out
    assert not (out / "volumes.tsv").exists()
    assert not (out / "report.html").exists()

    assert footvol(bids_dir, out, "group") == 0
    assert footvol("run", bids_dir, tmp_path / "whole") == 0
    for name in ("volumes.tsv", "muscles.tsv", "statistics.tsv", "statistics.md"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.integration
@pytest.mark.usefixtures("calls")
def test_the_group_level_compares_those_who_are_named(bids_dir: Path, tmp_path: Path) -> None:
    """The others keep their rows."""
    out = tmp_path / "out"
    footvol(bids_dir, out, "participant", "--skip-bids-validation")
    labels = ("01", "02", "04", "05")
    assert footvol(bids_dir, out, "group", "--participant-label", *labels) == 0

    rows = (out / "volumes.tsv").read_text().splitlines()[1:]
    left_out = [row[:6] for row in rows if "\texcluded\t" in row]
    assert left_out == ["sub-03", "sub-06"]
    first = (out / "statistics.tsv").read_text().splitlines()[1]
    assert first.split("\t")[3:5] == ["2", "2"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no", "out", "participant"], "footvol participant: The raw dataset must be a folder"),
        (["no", "out", "group", "--jbos", "2"], "footvol group: No such option: --jbos"),
        (["no", "out", "participant", "x"], "footvol participant: Got unexpected extra arg"),
        (["no", "out", "session"], "footvol: No such command 'no'."),
    ],
)
def test_a_wrong_call_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the code of wrong usage."""
    assert main(words) == 2

    assert capsys.readouterr().err.startswith(sentence)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command."""
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"footvol {__version__}\n"
