"""Many participants: order, failures, executors."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path
from typing import Any

import pytest
from fake_stages import spoil_scan

from pipeline.batch import InProcess, open_executor, process_all
from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError
from pipeline.run.cohort import open_cohort
from pipeline.run.job import OK, Job, Outcome
from pipeline.run.records import FAILED


@pytest.fixture
def jobs(bids_dir: Path, tmp_path: Path, calls: list[str]) -> list[Job]:
    """Make a job for each of six participants, with stages that take no time."""
    del calls
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()


class Backwards(Executor):
    """Does the last call first, as processes may."""

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: Any) -> Iterator[Any]:
        """Give results in the order of the calls."""
        results = [fn(*arguments) for arguments in reversed([*zip(*iterables, strict=True)])]
        return iter(results[::-1])


class Dying(Executor):
    """Loses its workers after two calls."""

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: Any) -> Iterator[Any]:
        """Give two results."""
        for done, arguments in enumerate(zip(*iterables, strict=True)):
            if done == 2:
                raise BrokenExecutor
            yield fn(*arguments)


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


def test_lost_workers_are_told_for_each_participant(jobs: list[Job]) -> None:
    """A process that the system ends is a failure with advice, not a traceback."""
    outcomes = process_all(jobs, Dying())

    assert [outcome.code for outcome in outcomes] == [0, 0, 3, 3, 3, 3]
    assert "fewer --jobs" in str(outcomes[2].reason)


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


def test_calls_in_this_process_are_done_at_once() -> None:
    """A single call needs no waiting."""
    with open_executor() as executor:
        assert executor.submit(abs, -3).result() == 3


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
