"""Many participants: in this process, in local processes, or on a Dask cluster."""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import ConfigError, LostWorkerError
from pipeline.run.executors import InProcess, WorkerProcesses
from pipeline.run.job import Job, Outcome
from pipeline.run.process_participant import failure, process
from pipeline.run.stage_cache import FAILED
from pipeline.store.files import remove_dead_scratch

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


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
    try:
        if scheduler is not None:
            with _dask_executor(scheduler) as executor:
                yield executor
        else:
            with InProcess() if jobs == 1 else WorkerProcesses(jobs) as executor:
                yield executor
    finally:
        with suppress(OSError):  # there may be no folder for temporary files
            remove_dead_scratch(Path(tempfile.gettempdir()))


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
    futures = [executor.submit(process, job) for job in jobs]
    for job, future in zip(jobs, futures, strict=True):
        outcomes.append(_outcome(job, future))
        _tell(outcomes[-1], len(outcomes), len(jobs))
        told(outcomes[-1])
        if stop_on_first_failure and outcomes[-1].status == FAILED:
            break
    for future in futures[len(outcomes) :]:
        future.cancel()
    return outcomes


def _outcome(job: Job, future: "Future[Outcome]") -> Outcome:
    try:
        return future.result()
    except Exception as error:  # as `process` raises nothing, it is of what carried the call
        return failure(job, _lost_on_cluster(error) or error)


def _lost_on_cluster(error: Exception) -> LostWorkerError | None:
    """Say in our words what a Dask client raises when workers or the scheduler go away."""
    distributed = sys.modules.get("distributed")
    if isinstance(error, CancelledError):
        msg = (
            "The Dask scheduler must be there to the end: got no more answers from it. Run "
            "again when it is back; what was finished is kept."
        )
        return LostWorkerError(msg)
    if distributed is not None and isinstance(error, distributed.KilledWorker):
        msg = (
            "A worker of the cluster must live to the end of its work: got several that were "
            "ended, most often for want of memory. Give workers more memory or fewer threads."
        )
        return LostWorkerError(msg)
    return None


def _tell(outcome: Outcome, done: int, total: int) -> None:
    who = outcome.participant.participant_id
    if outcome.reason:
        log.error("%s: %s", who, outcome.reason)
    log.info("%s: %s (%d of %d)", who, outcome.status, done, total)


class _OnCluster(Executor):
    """Sends calls by a Dask client.

    Its own executor lets callers wait for ever when the scheduler goes away.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Send a call; Dask's future has `result` and `cancel`, too."""
        future: Future[T] = self._client.submit(fn, *args, pure=False, **kwargs)
        return future


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
    for name in ("distributed.client", "asyncio"):  # tracebacks of what we say in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with client:
        yield _OnCluster(client)
