"""Many participants: order, failures and lost workers."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from fake_stages import spoil_scan

from pipeline.config import PipelineConfig
from pipeline.errors import LostSchedulerError, LostWorkerError, TimeLimitError
from pipeline.run.cohort import open_cohort
from pipeline.run.executors import InProcess
from pipeline.run.job import Job
from pipeline.run.open_executor import open_cohort_executor
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
    """Loses the second participant a number of times."""

    def __init__(self, error: Exception, times: int = 1) -> None:
        self._error = error
        self._times = times
        self.tried: list[tuple[str, int]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        """Run the call, unless it is that of the second participant."""
        future: Future[Any] = Future()
        self.tried.append((args[0].label, args[1]))
        if args[0].label == "02" and self._times:
            self._times -= 1
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
    assert sorted(received, key=lambda outcome: outcome.participant.label) == outcomes


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


def test_a_lost_worker_costs_its_participant_one_more_try(
    jobs: list[Job], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The others are not affected, and the participant's log says so."""
    executor = Failing(LostWorkerError("Fewer --jobs."), times=2)
    with caplog.at_level("DEBUG", logger="pipeline"):
        outcomes = process_cohort(jobs, executor)

    assert [outcome.status for outcome in outcomes] == [OK] * 6
    assert [number for label, number in executor.tried if label == "02"] == [1, 2, 3]
    assert len(executor.tried) == 8
    log = (tmp_path / "out" / "logs" / "sub-02" / "log.txt").read_text()
    assert log.count("WARNING sub-02: Fewer --jobs. It is tried again.") == 2


def test_a_participant_that_loses_all_its_workers_fails_alone(jobs: list[Job]) -> None:
    """After `run.retries` more tries; the reason is a sentence with advice."""
    outcomes = process_cohort(jobs, Failing(LostWorkerError("Fewer --jobs."), times=9))

    assert [outcome.code for outcome in outcomes] == [0, 3, 0, 0, 0, 0]
    assert outcomes[1].reason == "Fewer --jobs. It was tried 3 times."


def test_a_participant_over_its_time_limit_is_not_tried_again(jobs: list[Job]) -> None:
    """It would take as long once more."""
    executor = Failing(TimeLimitError("Too long."))
    outcomes = process_cohort(jobs, executor)

    assert (outcomes[1].reason, outcomes[1].code) == ("Too long.", 3)
    assert len(executor.tried) == 6


def test_a_lost_scheduler_ends_the_run(jobs: list[Job]) -> None:
    """Nobody can answer for the others; finished work is kept."""
    with pytest.raises(LostSchedulerError, match="gone"):
        process_cohort(jobs, Failing(LostSchedulerError("gone")))


def test_only_participants_with_something_to_do_are_submitted(
    jobs: list[Job], bids_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are reported as up to date."""
    process_cohort(jobs, InProcess())
    (bids_dir / "sub-04" / "anat" / "sub-04_T1w.nii.gz").write_bytes(b"another scan")
    executor = Failing(ZeroDivisionError(), times=0)
    with caplog.at_level("INFO", logger="pipeline"):
        outcomes = process_cohort(jobs, executor)

    assert executor.tried == [("04", 1)]
    assert [len(outcome.stages) for outcome in outcomes] == [0, 0, 0, 5, 0, 0]
    assert "sub-03: up to date (3 of 6)" in caplog.text


def test_few_calls_are_submitted_at_a_time(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that memory does not grow with the cohort."""
    most = 0
    running: list[Future[Any]] = []

    class Slow(Executor):
        """Does a call when the next is submitted."""

        def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
            """Do the oldest call if two are waiting."""
            nonlocal most
            future: Future[Any] = Future()
            running.append(future)
            most = max(most, sum(not each.done() for each in running))
            threading.Timer(0.01, lambda: future.set_result(fn(*args))).start()
            return future

    monkeypatch.setattr("pipeline.run.process_cohort.MOST_IN_FLIGHT", 2)
    outcomes = process_cohort(jobs, Slow())

    assert [outcome.participant.label for outcome in outcomes] == [job.label for job in jobs]
    assert most == 2


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
        with open_cohort_executor(2, None, limit_s=None, is_one=False) as executor:
            outcomes = process_cohort(jobs, executor)
    finally:
        log.removeHandler(caplog.handler)

    assert [outcome.participant.label for outcome in outcomes] == ["01", "02"]
    assert [outcome.status for outcome in outcomes] == [FAILED, FAILED]
    assert "sub-02 preprocess: starts" in caplog.text
