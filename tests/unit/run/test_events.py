"""Events as JSON lines, and the log file of a participant."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.run.events import event, events_written, participant_log

log = logging.getLogger("pipeline.tried")


@pytest.fixture(autouse=True)
def all_levels() -> Iterator[None]:
    """Log everything, as commands do."""
    package_log = logging.getLogger("pipeline")
    level = package_log.level
    package_log.setLevel(logging.DEBUG)
    yield
    package_log.setLevel(level)


def test_each_event_is_a_line_and_other_records_are_none(tmp_path: Path) -> None:
    """Facts that are None are left out; the time is that of the record."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "before"}\n')
    with events_written(path):
        log.info("no event")
        log.debug("one", extra=event("run started", participants=3, reason=None))
        log.info("two", extra=event("participant started", "sub-Ä", attempt=1))
    log.info("after", extra=event("run finished"))

    first, *facts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    times = [fact.pop("time") for fact in facts]
    assert first == {"event": "before"}
    assert facts == [
        {"event": "run started", "participants": 3},
        {"event": "participant started", "participant": "sub-Ä", "attempt": 1},
    ]
    assert times == sorted(times)
    assert times[0].endswith("+00:00")


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    """The option is left out."""
    with events_written(None):
        log.info("one", extra=event("run started"))

    assert not [*tmp_path.iterdir()]


def test_a_file_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    """Its folder must exist."""
    with (
        pytest.raises(ConfigError, match=r"--events must be writable: got 'No such file"),
        events_written(tmp_path / "none" / "events.jsonl"),
    ):
        pass


def test_a_file_that_cannot_be_written_later_is_no_reason_to_stop(tmp_path: Path) -> None:
    """The run goes on without it."""
    folder = tmp_path / "events"
    folder.mkdir()
    with events_written(folder / "events.jsonl"):
        (folder / "events.jsonl").unlink()
        folder.rmdir()
        log.info("one", extra=event("run started"))

    assert not folder.exists()


def test_a_log_has_the_records_of_its_thread_with_times_and_tracebacks(tmp_path: Path) -> None:
    """Records of other participants, in other threads, have their own log."""
    path = tmp_path / "sub-01" / "log.txt"
    with participant_log(path):
        log.info("%s: done", "mine")
        other = threading.Thread(target=log.info, args=("of another",))
        other.start()
        other.join()
        try:
            int("three")
        except ValueError:
            log.exception("failed")

    lines = path.read_text().splitlines()
    assert lines[0][4:5] + lines[0][19:] == "-Z INFO mine: done"
    assert "Traceback" in lines[2]
    assert "another" not in path.read_text()


def test_a_log_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Here a file is in the way of its folder."""
    (tmp_path / "sub-01").write_text("a file")
    with participant_log(tmp_path / "sub-01" / "log.txt"):
        log.info("done")

    assert (tmp_path / "sub-01").read_text() == "a file"
