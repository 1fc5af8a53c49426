"""Many participants: in this process, in local processes, or on a Dask cluster."""

import logging
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from multiprocessing.queues import Queue
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import ConfigError, ScanError
from pipeline.run.job import Job, Outcome
from pipeline.run.participant import process
from pipeline.run.records import FAILED

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


class InProcess(Executor):
    """An executor that does each call where and when its result is asked for."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Do the call now."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future

    def map(self, fn: Callable[..., T], *iterables: Iterable[Any], **_: Any) -> Iterator[T]:
        """Do each call as its result is asked for."""
        return map(fn, *iterables)


@contextmanager
def open_executor(jobs: int = 1, scheduler: str | None = None) -> Iterator[Executor]:
    """Open what the participants run in.

    Parameters
    ----------
    jobs
        Participants at the same time on this machine.
    scheduler
        Address of a Dask scheduler, such as ``tcp://host:8786``, instead.

    Raises
    ------
    ConfigError
        If there are no jobs, or the cluster cannot be reached.
    """
    if jobs < 1:
        msg = (
            f"--jobs must be 1 or more: got {jobs}. Give the number of participants at a time."
        )
        raise ConfigError(msg)
    if scheduler is not None:
        with _dask_executor(scheduler) as executor:
            yield executor
    elif jobs == 1:
        yield InProcess()
    else:
        with _process_executor(jobs) as executor:
            yield executor


def process_all(
    jobs: Sequence[Job],
    executor: Executor,
    *,
    stop_on_first_failure: bool = False,
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Take all participants through their stages.

    Parameters
    ----------
    told
        Called with each outcome as it comes, in the order of the jobs.

    Returns
    -------
    list of Outcome
        In the order of the jobs, whatever finishes first; shorter than the jobs
        where the first failure stopped the rest.
    """
    outcomes: list[Outcome] = []
    try:
        for outcome in executor.map(process, jobs):
            outcomes.append(outcome)
            _tell(outcome, len(outcomes), len(jobs))
            told(outcome)
            if stop_on_first_failure and outcome.status == FAILED:
                break  # ends the executor's generator, which cancels what has not begun
    except BrokenExecutor:
        for job in jobs[len(outcomes) :]:
            outcomes.append(_lost(job))
            _tell(outcomes[-1], len(outcomes), len(jobs))
    return outcomes


def _tell(outcome: Outcome, done: int, total: int) -> None:
    who = outcome.participant.participant_id
    if outcome.reason:
        log.error("%s: %s", who, outcome.reason)
    log.info("%s: %s (%d of %d)", who, outcome.status, done, total)


def _lost(job: Job) -> Outcome:
    reason = (
        "The process of this participant or of one beside it must live to the end: the system "
        "ended it, most often for want of memory. Run again with fewer --jobs."
    )
    return Outcome(job.participant, FAILED, reason, ScanError.exit_code)


@contextmanager
def _process_executor(jobs: int) -> Iterator[Executor]:
    """Open worker processes whose log lines come out here.

    Spawned, not forked: a fork copies the locks of threads that libraries hold.
    """
    context = multiprocessing.get_context("spawn")
    lines: Queue[logging.LogRecord] = context.Queue()
    package_log = logging.getLogger("pipeline")
    listener = QueueListener(lines, *package_log.handlers)
    listener.start()
    try:
        with ProcessPoolExecutor(
            jobs, context, _log_to, (lines, package_log.level)
        ) as executor:
            yield executor
    finally:
        listener.stop()


def _log_to(lines: "Queue[logging.LogRecord]", level: int) -> None:
    package_log = logging.getLogger("pipeline")
    package_log.addHandler(QueueHandler(lines))
    package_log.setLevel(level)


@contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client  # noqa: PLC0415 an extra that few need
    except ImportError as error:
        msg = f"--scheduler {address} needs: pip install 'footvol[cluster]'."
        raise ConfigError(msg) from error
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        msg = (
            f"--scheduler must be the address of a running Dask scheduler: got {address!r} "
            f"({error}). Example: tcp://localhost:8786."
        )
        raise ConfigError(msg) from error
    with client:
        yield client.get_executor()
