"""Wrong usage, unusable folders and bugs: one sentence, the right exit code."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.cli import cohort_commands, main
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rum"], "footvol: No such command 'rum'. Did you mean 'run'?"),
        (["run"], "footvol run: Missing argument 'bids_dir'."),
        (["run", "a", "b", "--jbos", "2"], "footvol run: No such option: --jbos"),
        (["run", "a", "b", "--jobs", "two"], "footvol run: Invalid value for '--jobs'"),
        (["run", "a", "b", "c"], "footvol run: A command takes two folders: got ['c']"),
        (["run", "no-such-folder", "b"], "footvol run: The raw dataset must be a folder"),
        (["scan", "a.nii", "b", "--side", "both"], "footvol scan: Invalid value for '--side'"),
        *(
            (
                ["scan", "a.nii", "b", "--body-mass-kg", mass],
                "footvol scan: --body-mass-kg must",
            )
            for mass in ("-5", "6_5", "nan", "70,5", "\uff17\uff10")
        ),
        (["compare", "a", "b", "--set", "regions.bordr=1"], "footvol compare: There is no"),
        (
            ["phantom", "out", "--effect", "magic"],
            "footvol phantom: The effect must be a known",
        ),
        (
            ["phantom", "out", "--effect", "no.toml"],
            "footvol phantom: There must be a file 'no.toml'",
        ),
        (["phantom", "out", "--snr", "0"], "footvol phantom: A protocol's SNR must be above 0"),
        (
            ["phantom", "out", "--orientation", "coronal"],
            "footvol phantom: The orientation must be a known one: got 'coronal'",
        ),
        (
            ["phantom", "out", "--artefact", "wrap=3"],
            "footvol phantom: The artefact wrap must lie between 0 and 0.5: got 3.0",
        ),
        (["report", "a", "b", "--config", "no.toml"], "footvol report: There must be a file"),
    ],
)
def test_wrong_usage_gives_2_and_one_sentence(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the command and the error."""
    assert main(words) == 2

    printed = capsys.readouterr().err
    assert printed.startswith(expected)
    assert printed.count("\n") == 1


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """It lists the commands."""
    assert main([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_a_missing_scan_gives_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the path."""
    assert main(["scan", str(tmp_path / "no.nii"), str(tmp_path / "out")]) == 3
    assert "no.nii" in capsys.readouterr().err


def test_an_empty_dataset_gives_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without participants, nothing is written."""
    (tmp_path / "raw").mkdir()

    assert main(["run", str(tmp_path / "raw"), str(tmp_path / "out")]) == 2
    assert "must contain folders named 'sub-<label>'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_for_out_gives_2(
    bids_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OUT must be a writable folder."""
    (tmp_path / "out").write_text("a file")

    assert main(["run", str(bids_dir), str(tmp_path / "out")]) == 2
    assert "must be writable" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_gives_2(
    bids_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before any stage."""
    assert main(["run", str(bids_dir), "/dev/null/out"]) == 2
    assert "must be writable" in capsys.readouterr().err


def test_a_bug_gives_1_and_a_traceback(
    bids_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message asks users to report it."""

    def divide(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cohort_commands, "open_cohort", divide)

    assert main(["run", str(bids_dir), "out"]) == 1
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "please report" in printed


def test_an_interrupt_gives_130_and_one_line(
    bids_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interrupt is not an error."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cohort_commands, "open_cohort", interrupt)

    assert main(["run", str(bids_dir), "out"]) == 130
    printed = capsys.readouterr().err
    assert printed == "footvol run: Stopped. Finished work is kept; run again to continue.\n"


@contextmanager
def handled_by(number: int, handler: object) -> Iterator[None]:
    """Set the handler of a signal, whatever the shell has set."""
    before = signal.signal(number, handler)  # type: ignore[arg-type]
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_termination_signals_act_as_an_interrupt(
    bids_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    """They give the same message; afterwards the handlers are restored."""
    monkeypatch.setattr(cohort_commands, "open_cohort", lambda *_: signal.raise_signal(number))
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    with handled_by(number, usual):
        assert main(["run", str(bids_dir), "out"]) == 130
        assert signal.getsignal(number) is usual

    printed = capsys.readouterr().err
    assert printed == "footvol run: Stopped. Finished work is kept; run again to continue.\n"


def test_a_repeated_signal_does_not_interrupt_the_cleanup(
    bids_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`timeout` signals the process and its group."""
    cleared = []

    def command(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleared.append("all")

    monkeypatch.setattr(cohort_commands, "open_cohort", command)

    assert main(["run", str(bids_dir), "out"]) == 130
    assert cleared == ["all"]


def test_a_signal_that_nohup_ignores_stays_ignored(
    bids_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command continues after the terminal is closed."""

    def command(*_: object) -> None:
        signal.raise_signal(signal.SIGHUP)
        msg = "Went on."
        raise ConfigError(msg)

    monkeypatch.setattr(cohort_commands, "open_cohort", command)
    with handled_by(signal.SIGHUP, signal.SIG_IGN):
        assert main(["run", str(bids_dir), "out"]) == 2
