"""Worker processes: lost and slow ones, and how all of them end."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import threads
from pipeline.errors import LostWorkerError, TimeLimitError
from pipeline.run.executors import InProcess, WorkerProcesses
from pipeline.store.files import scratch_folder


def end_by(number: int, attempts: Path) -> str:
    """End this process at the first attempt, as the system may."""
    if not attempts.exists():
        attempts.write_text("one")
        os.kill(os.getpid(), number)
    return "done"


def end_always(number: int) -> None:
    """End this process at every attempt."""
    os.kill(os.getpid(), number)


def refuse(reason: str) -> None:
    """Raise an error of the call itself."""
    raise OSError(reason)


def work_in_scratch(folder: Path) -> None:
    """Make scratch files and never return."""
    with scratch_folder(folder) as scratch:
        (scratch / "half").write_text("half")
        (folder / "started").write_text("yes")
        time.sleep(60)


def log_line(line: str) -> int:
    """Log a line and return the process number."""
    logging.getLogger("pipeline.tried").info(line)
    return os.getpid()


def hang() -> None:
    """Wait for something that never comes, as a read from a dead disk does."""
    time.sleep(600)


def cores_of_this_process() -> int:
    """Give the number of cores that a worker may use."""
    return threads._Share.cores


def appears(path: Path) -> bool:
    """Whether a file appears soon."""
    for _ in range(600):
        if path.exists():
            return True
        time.sleep(0.05)
    return False


def test_calls_in_this_process_wait_until_their_result_is_requested(tmp_path: Path) -> None:
    """So that each result can be reported before the next call starts."""
    with InProcess() as executor:
        asked, _unasked = (executor.submit((tmp_path / k).mkdir) for k in "ab")
        asked.result()

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_call_whose_process_dies_is_tried_once_more(
    tmp_path: Path, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Other calls are not affected; the log records it."""
    with WorkerProcesses(2, tries=2) as executor:
        lost = executor.submit(end_by, number, tmp_path / "attempts")
        others = [executor.submit(abs, -k) for k in range(3)]

        assert lost.result() == "done"
        assert [other.result() for other in others] == [0, 1, 2]
    assert sum("tried again" in message for message in caplog.messages) == 1


@pytest.mark.integration
def test_a_call_that_takes_too_long_is_ended_alone() -> None:
    """The message has the limit and its setting; the next call gets a new process."""
    started = time.monotonic()
    with WorkerProcesses(1, limit_s=3) as executor:
        hanging = executor.submit(hang)
        other = executor.submit(abs, -3)

        with pytest.raises(
            TimeLimitError, match=r"within run\.time_limit_min: got more than 0\.05 min"
        ):
            hanging.result()
        assert other.result() == 3
    assert time.monotonic() - started < 60


def test_a_call_that_always_ends_its_process_fails_alone() -> None:
    """The message gives how the last one ended, and what to do."""
    with WorkerProcesses(2, tries=2) as executor:
        lost = executor.submit(end_always, signal.SIGKILL)
        other = executor.submit(abs, -3)

        with pytest.raises(LostWorkerError, match=r"one that was ended by SIGKILL.*fewer"):
            lost.result()
        assert other.result() == 3


def test_an_error_of_a_call_is_raised_and_its_process_continues() -> None:
    """It does not count as a lost process, and its note has the traceback."""
    with WorkerProcesses(1) as executor:
        failing = executor.submit(refuse, "no such disk")
        with pytest.raises(OSError, match="no such disk") as caught:
            failing.result()

        assert "in refuse" in caught.value.__notes__[0]
        assert executor.submit(abs, -3).result() == 3


def test_workers_share_the_cores() -> None:
    """Of more workers than cores, each has one."""
    with WorkerProcesses(1000) as executor:
        assert executor.submit(cores_of_this_process).result() == 1


def test_log_records_arrive_before_the_result(caplog: pytest.LogCaptureFixture) -> None:
    """Log records of each process arrive here."""
    with caplog.at_level("INFO", logger="pipeline"), WorkerProcesses(1) as executor:
        pid = executor.submit(log_line, "told").result()

    assert caplog.messages == ["told"]
    assert pid != os.getpid()


@pytest.mark.integration
def test_an_interrupt_ends_workers_and_their_scratch_at_once(tmp_path: Path) -> None:
    """A call of a minute is not waited for, and its files are removed."""
    started = time.monotonic()

    def interrupt() -> None:
        with WorkerProcesses(2) as executor:
            executor.submit(work_in_scratch, tmp_path)
            assert appears(tmp_path / "started")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()

    assert time.monotonic() - started < 50
    assert [path.name for path in tmp_path.iterdir()] == ["started"]
    assert multiprocessing.active_children() == []


@pytest.mark.integration
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """They stop and remove their scratch files."""
    code = (
        "from pathlib import Path; import test_executors as t\n"
        "if __name__ == '__main__':\n"
        f"    folder = Path({str(tmp_path)!r})\n"
        "    t.WorkerProcesses(1).submit(t.work_in_scratch, folder).result()\n"
    )
    (tmp_path / "parent.py").write_text(code)
    search = os.pathsep.join((str(Path(__file__).parent), str(Path(__file__).parents[3])))
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")],
        env={**os.environ, "PYTHONPATH": search},
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert appears(tmp_path / "started")
        parent.kill()
        _, told = parent.communicate()  # ends when the worker does, which has it open, too

    assert "Traceback" not in told
    assert {path.name for path in tmp_path.iterdir()} == {"parent.py", "started"}
