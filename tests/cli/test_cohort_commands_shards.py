"""Shards, locks, events and status on the command line, with stages that take no time."""

import json
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.cli import main
from pipeline.run.process_participant import LOCK
from pipeline.store.locks import lock_held

pytestmark = [pytest.mark.usefixtures("calls"), pytest.mark.integration]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give the path of OUT, which does not exist yet."""
    return tmp_path / "out"


def footvol(*words: object) -> int:
    """Run a command."""
    return main([str(word) for word in words])


def contents(out: Path) -> dict[str, bytes]:
    """Give all files but logs."""
    paths = (path for path in out.rglob("*") if path.is_file())
    names = ((path.relative_to(out).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in names if not name.startswith("logs/")}


def test_shards_then_report_give_the_same_bytes_as_one_run(
    bids_dir: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever their number and order."""
    assert footvol("run", bids_dir, tmp_path / "whole") == 0
    for k in (3, 1, 4, 2):
        assert footvol("run", bids_dir, out, "--shard", f"{k}/4") == 0
    assert "Shard 2/4: 2 of 2 participants, in " in capsys.readouterr().out
    assert not (out / "volumes.tsv").exists()
    assert footvol("compare", bids_dir, out) == 0
    assert footvol("report", bids_dir, out) == 0

    assert contents(out) == contents(tmp_path / "whole")


def test_a_failure_in_a_shard_gives_its_code(bids_dir: Path, out: Path) -> None:
    """As in any run."""
    spoil_scan(bids_dir, "02")

    assert footvol("run", bids_dir, out, "--shard", "1/2") == 0
    assert footvol("run", bids_dir, out, "--shard", "2/2") == 3


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--participant-label", "01"), r"\['--participant-label'\]"),
        (("--dry-run",), r"\['--dry-run'\]"),
        (("--exclude", "x.tsv"), r"\['--exclude'\]"),
    ],
)
def test_a_shard_goes_with_no_other_choice_of_participants(
    bids_dir: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    named: str,
) -> None:
    """The plan has them all."""
    assert footvol("run", bids_dir, out, "--shard", "1/2", *words) == 2

    sentence = capsys.readouterr().err
    assert sentence.startswith("footvol run: A shard must consist of planned participants: got")
    assert named.replace("\\", "") in sentence
    assert not out.exists()


def test_plan_fixes_the_participants_anew(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until then, shards keep to the plan that there is."""
    footvol("run", bids_dir, out, "--shard", "1/2")
    table = bids_dir / "participants.tsv"
    table.write_text(table.read_text().replace("61.5", "62.5"))
    footvol("run", bids_dir, out, "--shard", "2/2")
    planned = out / "logs" / "plan" / "participants.tsv"
    assert "61.5" in planned.read_text()

    assert footvol("plan", bids_dir, out) == 0
    assert "62.5" in planned.read_text()
    assert "Planned: 6 participants, in " in capsys.readouterr().out


def test_a_running_shard_keeps_its_plan(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no other command may have OUT alone, but shards may share it."""
    with lock_held(out / "logs" / "lock", "it", is_shared=True):
        for command in ("plan", "run", "compare", "report", "measure"):
            assert footvol(command, bids_dir, out) == 2
            assert "Only one command at a time may work on" in capsys.readouterr().err
        assert footvol("run", bids_dir, out, "--shard", "1/2") == 0
        assert footvol("preprocess", bids_dir, out, "--participant-label", "02") == 0


def test_a_participant_that_another_command_works_on_is_refused_alone(
    bids_dir: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others are measured."""
    monkeypatch.setattr("pipeline.run.process_participant._LONGEST_WAIT_S", 0.1)
    with lock_held(out / "logs" / "sub-03" / LOCK, "it"):
        assert footvol("run", bids_dir, out) == 2
        assert footvol("status", bids_dir, out, "--json") == 0

    captured = capsys.readouterr()
    assert "sub-03: Only one command at a time may work on sub-03: got it" in captured.err
    status = json.loads(captured.out[captured.out.index("{") :])
    assert status["counts"] == {
        "in progress": 1,
        "failed": 0,
        "stale": 0,
        "never run": 0,
        "done": 5,
    }
    assert status["participants"][2]["in_progress_by"]["process"] > 0


def test_status_says_what_is_to_do_and_why(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each state of a participant that is not done; the code is 0."""
    spoil_scan(bids_dir, "02")
    footvol("run", bids_dir, out, "--participant-label", "01", "02", "03")
    (bids_dir / "sub-03" / "anat" / "sub-03_T1w.nii.gz").write_bytes(b"another scan")
    capsys.readouterr()

    assert footvol("status", bids_dir, out) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "0 in progress, 1 failed, 1 stale, 3 never run, 1 done"
    assert lines[1].startswith("sub-02: segment failed (No foot was found")
    assert lines[2] == "sub-02: regions, measure, figures never run"
    assert lines[3].startswith("sub-03: preprocess stale (changed: inputs ['bids:raw:sub-03/")
    assert lines[-1] == "sub-06: preprocess, segment, regions, measure, figures never run"


def test_status_names_who_uses_the_folder(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And writes nothing itself."""
    with (
        lock_held(out / "logs" / "lock", "it"),
        lock_held(out / "logs" / "sub-01" / LOCK, "it"),
    ):
        footvol("status", bids_dir, out)

    printed = capsys.readouterr().out
    assert "\nIn use by " in printed
    assert "\nsub-01: in progress, by " in printed
    assert [path.name for path in out.iterdir()] == ["logs"]


def test_events_tell_what_happened(bids_dir: Path, out: Path, tmp_path: Path) -> None:
    """From the start of the run to its exit code, also in quiet runs."""
    spoil_scan(bids_dir, "02")
    path = tmp_path / "events.jsonl"
    footvol("run", bids_dir, out, "--participant-label", "01", "02", "--events", path, "-q")

    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["event"] for event in (events[0], events[-1])] == [
        "run started",
        "run finished",
    ]
    assert events[0]["participants"] == 2
    assert (events[-1]["counts"], events[-1]["code"]) == ({"ok": 1, "failed": 1}, 3)
    ended = [event for event in events if event["event"] == "participant finished"]
    assert [(event["participant"], event["status"]) for event in ended] == [
        ("sub-01", "ok"),
        ("sub-02", "failed"),
    ]
    assert (ended[1]["code"], ended[1]["attempt"]) == (4, 1)
    assert ended[1]["reason"].startswith("No foot was found")
    stages = [event for event in events if event["event"] == "stage finished"]
    all_five = ["preprocess", "segment", "regions", "measure", "figures"]
    assert [stage["stage"] for stage in stages] == [*all_five, *all_five[:2]]
    assert (stages[-1]["status"], stages[-1]["code"]) == ("failed", 4)


def test_events_that_cannot_be_written_are_refused_before_any_work(
    bids_dir: Path, out: Path, capsys: pytest.CaptureFixture[str], calls: list[str]
) -> None:
    """A sentence, and code 2."""
    assert footvol("run", bids_dir, out, "--events", out / "none" / "e.jsonl") == 2
    assert "The file for --events must be writable" in capsys.readouterr().err
    assert calls == []


def test_each_participant_has_a_log(bids_dir: Path, out: Path) -> None:
    """Also the reason of a failure, and in quiet runs."""
    spoil_scan(bids_dir, "02")
    footvol("run", bids_dir, out, "-q")

    logs = out / "logs"
    assert " INFO sub-01 measure: done in " in (logs / "sub-01" / "log.txt").read_text()
    assert " ERROR sub-02: No foot was found" in (logs / "sub-02" / "log.txt").read_text()
