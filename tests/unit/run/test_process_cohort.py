"""Many participants: order, failures and lost workers."""

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
from pipeline.errors import LostWorkerError
from pipeline.run.cohort import open_cohort
from pipeline.run.executors import InProcess
from pipeline.run.job import Job
from pipeline.run.open_executor import open_executor
from pipeline.run.outcome import OK, Outcome
from pipeline.run.process_cohort import process_cohort
from pipeline.run.stage_cache import FAILED


@pytest.fixture
def jobs(bids_dir: Path, tmp_path: Path, calls: list[str]) -> list[Job]:
    """Make a job for each of six participants."""
    del calls
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()


class Backwards(Executor):
    """Runs the last call first, as processes may."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        """Run all six calls when the last is submitted."""
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
        """Run the call, unless it is the second."""
        future: Future[Any] = Future()
        self._count += 1
        if self._count == 2:
            future.set_exception(self._error)
        else:
            future.set_result(fn(*args))
        return future


@pytest.mark.integration
@pytest.mark.parametrize("executor", [InProcess(), Backwards()])
def test_results_come_in_the_order_of_participants(jobs: list[Job], executor: Executor) -> None:
    """The order in which they finish does not matter."""
    received: list[Outcome] = []
    outcomes = process_cohort(jobs, executor, on_outcome=received.append)

    assert [outcome.participant.label for outcome in outcomes] == [job.label for job in jobs]
    assert received == outcomes


def test_one_failure_does_not_stop_the_others(jobs: list[Job], bids_dir: Path) -> None:
    """All others are processed."""
    spoil_scan(bids_dir, "02")
    outcomes = process_cohort(jobs, InProcess())

    assert [outcome.status for outcome in outcomes] == [OK, FAILED, OK, OK, OK, OK]


def test_the_first_failure_stops_the_rest_if_asked(
    jobs: list[Job], bids_dir: Path, calls: list[str]
) -> None:
    """No other participant is started."""
    spoil_scan(bids_dir, "02")
    outcomes = process_cohort(jobs, InProcess(), stop_on_first_failure=True)

    assert [outcome.status for outcome in outcomes] == [OK, FAILED]
    assert not [call for call in calls if call.startswith("03")]


def test_a_lost_worker_is_a_failure_of_its_participant_alone(jobs: list[Job]) -> None:
    """The others are processed, and the reason is a sentence with advice."""
    outcomes = process_cohort(jobs, Failing(LostWorkerError("Fewer --jobs.")))

    assert [outcome.code for outcome in outcomes] == [0, 3, 0, 0, 0, 0]
    assert outcomes[1].reason == "Fewer --jobs."


def test_a_lost_scheduler_is_reported_without_a_traceback(
    jobs: list[Job], caplog: pytest.LogCaptureFixture
) -> None:
    """Dask's client cancels the calls."""
    outcomes = process_cohort(jobs, Failing(CancelledError()))

    assert (outcomes[1].status, outcomes[1].code) == (FAILED, 3)
    assert "The Dask scheduler must run until the end" in str(outcomes[1].reason)
    assert not [record for record in caplog.records if record.exc_info]


def test_lost_workers_of_a_cluster_are_reported_without_a_traceback(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Dask has tried several workers."""

    class KilledWorker(Exception):  # noqa: N818 its name in Dask
        """The error that Dask raises."""

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(KilledWorker=KilledWorker))
    outcomes = process_cohort(jobs, Failing(KilledWorker("process-4f", "tcp://node", 3)))

    assert (outcomes[1].status, outcomes[1].code) == (FAILED, 3)
    assert "A worker of the cluster must run until its work is done" in str(outcomes[1].reason)
    assert not [record for record in caplog.records if record.exc_info]


def test_another_error_of_the_executor_is_a_bug_of_one_participant(jobs: list[Job]) -> None:
    """The others are processed, and the code is that of a bug."""
    outcomes = process_cohort(jobs, Failing(ZeroDivisionError()))

    assert [outcome.code for outcome in outcomes] == [0, 1, 0, 0, 0, 0]


@pytest.mark.integration
def test_jobs_and_outcomes_can_be_sent_to_processes(
    bids_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Log lines are sent back."""
    jobs = open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()[:2]
    log = logging.getLogger("pipeline")
    log.addHandler(caplog.handler)
    caplog.set_level("DEBUG", logger="pipeline")
    try:
        with open_executor(2) as executor:
            outcomes = process_cohort(jobs, executor)
    finally:
        log.removeHandler(caplog.handler)

    assert [outcome.participant.label for outcome in outcomes] == ["01", "02"]
    assert [outcome.status for outcome in outcomes] == [FAILED, FAILED]
    assert "sub-02 preprocess: starts" in caplog.text
