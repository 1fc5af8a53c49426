"""Many participants: order, failures, executors."""

import contextlib
import logging
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_stages import spoil_scan

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError, LostWorkerError
from pipeline.run.batch import open_executor, process_all
from pipeline.run.cohort import open_cohort
from pipeline.run.executors import InProcess
from pipeline.run.job import OK, Job, Outcome
from pipeline.run.stage_cache import FAILED


@pytest.fixture
def jobs(bids_dir: Path, tmp_path: Path, calls: list[str]) -> list[Job]:
    """Make a job for each of six participants, with stages that take no time."""
    del calls
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()


class Backwards(Executor):
    """Does the last call first, as processes may."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        """Do all six calls as soon as they are known."""
        future: Future[Any] = Future()
        self._calls.append(lambda: future.set_result(fn(*args)))
        if len(self._calls) == 6:
            for call in reversed(self._calls):
                call()
        return future


class Failing(Executor):
    """Loses the second call."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._count = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        """Do the call, unless it is the second."""
        future: Future[Any] = Future()
        self._count += 1
        if self._count == 2:
            future.set_exception(self._error)
        else:
            future.set_result(fn(*args))
        return future


@pytest.mark.parametrize("executor", [InProcess(), Backwards()])
def test_results_come_in_the_order_of_participants(jobs: list[Job], executor: Executor) -> None:
    """Whatever finishes first, the first participant is told first."""
    told: list[Outcome] = []
    outcomes = process_all(jobs, executor, told=told.append)

    assert [outcome.participant.label for outcome in outcomes] == [job.label for job in jobs]
    assert told == outcomes


def test_one_failure_stops_nobody(jobs: list[Job], bids_dir: Path) -> None:
    """All the others are done."""
    spoil_scan(bids_dir, "02")
    outcomes = process_all(jobs, InProcess())

    assert [outcome.status for outcome in outcomes] == [OK, FAILED, OK, OK, OK, OK]


def test_the_first_failure_stops_the_rest_if_asked(
    jobs: list[Job], bids_dir: Path, calls: list[str]
) -> None:
    """No further participant is started."""
    spoil_scan(bids_dir, "02")
    outcomes = process_all(jobs, InProcess(), stop_on_first_failure=True)

    assert [outcome.status for outcome in outcomes] == [OK, FAILED]
    assert not [call for call in calls if call.startswith("03")]


def test_a_lost_worker_is_a_failure_of_its_participant_alone(jobs: list[Job]) -> None:
    """The others are done, and the reason is a sentence with advice, not a traceback."""
    outcomes = process_all(jobs, Failing(LostWorkerError("Fewer --jobs.")))

    assert [outcome.code for outcome in outcomes] == [0, 3, 0, 0, 0, 0]
    assert outcomes[1].reason == "Fewer --jobs."


def test_a_scheduler_that_goes_away_is_told_without_a_traceback(
    jobs: list[Job], caplog: pytest.LogCaptureFixture
) -> None:
    """Dask's client gives up the calls that it waits for."""
    outcomes = process_all(jobs, Failing(CancelledError()))

    assert (outcomes[1].status, outcomes[1].code) == (FAILED, 3)
    assert "The Dask scheduler must be there to the end" in str(outcomes[1].reason)
    assert not [record for record in caplog.records if record.exc_info]


def test_workers_that_a_cluster_loses_are_told_without_a_traceback(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Dask has tried several by then."""

    class KilledWorker(Exception):  # noqa: N818 its name in Dask
        """What Dask raises."""

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(KilledWorker=KilledWorker))
    outcomes = process_all(jobs, Failing(KilledWorker("process-4f", "tcp://node", 3)))

    assert (outcomes[1].status, outcomes[1].code) == (FAILED, 3)
    assert "A worker of the cluster must live to the end" in str(outcomes[1].reason)
    assert not [record for record in caplog.records if record.exc_info]


def test_what_else_goes_wrong_on_the_way_is_a_bug_of_one_participant(jobs: list[Job]) -> None:
    """The others are done, and the code is that of a bug."""
    outcomes = process_all(jobs, Failing(ZeroDivisionError()))

    assert [outcome.code for outcome in outcomes] == [0, 1, 0, 0, 0, 0]


def test_processes_give_what_this_process_gives(
    bids_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Jobs and outcomes can be sent, and log lines come back."""
    jobs = open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()[:2]
    log = logging.getLogger("pipeline")
    log.addHandler(caplog.handler)
    caplog.set_level("DEBUG", logger="pipeline")
    try:
        with open_executor(2) as executor:
            outcomes = process_all(jobs, executor)
    finally:
        log.removeHandler(caplog.handler)

    assert [outcome.participant.label for outcome in outcomes] == ["01", "02"]
    assert [outcome.status for outcome in outcomes] == [FAILED, FAILED]
    assert "sub-02 preprocess: starts" in caplog.text


def test_no_jobs_are_refused() -> None:
    """Nothing can be done by nobody."""
    with pytest.raises(ConfigError, match="--jobs must be 1 or more: got 0"), open_executor(0):
        pass


def test_a_cluster_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with (
        pytest.raises(ConfigError, match=r"pip install 'footvol\[cluster\]'"),
        open_executor(1, "tcp://nowhere:8786"),
    ):
        pass


def test_calls_go_to_the_cluster_each_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask would give the answer of an equal call, and its executor may never give one."""
    sent: list[tuple[Any, ...]] = []

    class Client(contextlib.nullcontext[None]):
        """Sends nothing anywhere."""

        def __init__(self, address: str, timeout: int) -> None:
            super().__init__(None)
            sent.append((address, timeout))

        def submit(self, fn: Callable[..., Any], *args: Any, pure: bool) -> "Future[Any]":
            """Keep what is asked."""
            sent.append((fn, *args, pure))
            return InProcess().submit(fn, *args)

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client))
    with open_executor(1, "tcp://node:8786") as executor:
        assert executor.submit(abs, -3).result() == 3

    assert sent == [("tcp://node:8786", 10), (abs, -3, False)]


def test_what_a_killed_process_left_among_temporary_files_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scans converted or unpacked by an earlier command do not stay there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / ".footvol-dead" / "files").mkdir(parents=True)
    with open_executor():
        pass

    assert not [*tmp_path.iterdir()]
