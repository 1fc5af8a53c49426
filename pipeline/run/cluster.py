"""The executor that sends calls to a Dask cluster."""

import logging
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing.util import Finalize
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import ConfigError, LostSchedulerError, LostWorkerError
from pipeline.run.executors import WorkerPool
from pipeline.run.worker_process import Call

P = ParamSpec("P")
T = TypeVar("T")
Answer = tuple[list[logging.LogRecord], Any, Exception | None]


class ClusterExecutor(Executor):
    """Submits calls through a Dask client; each runs in a process that its worker starts.

    A call that ends its process, or that takes too long, thus costs the cluster no worker,
    and is reported as by `WorkerProcesses`. Dask's own executor blocks forever when the
    scheduler is lost.

    Parameters
    ----------
    limit_s
        Seconds that a call may take; None for any number.
    """

    def __init__(self, client: Any, limit_s: float | None = None) -> None:
        self._client = client
        self._limit_s = limit_s
        # Dask forgets the calls that nobody refers to.
        self._sent: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Submit a call."""
        ours: Future[T] = Future()
        call = partial(fn, *args, **kwargs)
        theirs = self._client.submit(run_on_worker, call, self._limit_s, pure=False)
        self._sent[ours] = theirs
        ours.add_done_callback(self._forget)
        theirs.add_done_callback(partial(_pass_on, ours))
        return ours

    def _forget(self, ours: "Future[Any]") -> None:
        theirs = self._sent.pop(ours)
        if ours.cancelled():
            theirs.cancel()


def run_on_worker(call: Call, limit_s: float | None) -> Answer:
    """Run a call in a process that this worker of the cluster starts.

    Returns
    -------
    tuple
        Its log records, its result, and the error that it raised.
    """
    records: list[logging.LogRecord] = []
    try:
        return records, _pool().run(call, limit_s, records.append), None
    except Exception as error:
        return records, None, error


@cache
def _pool() -> WorkerPool:
    # Dask starts workers as daemons, which may start no processes, as these would outlive
    # them; ours end with the process that started them.
    multiprocessing.current_process().daemon = False
    from distributed import get_worker  # noqa: PLC0415 an optional dependency

    pool = WorkerPool(get_worker().state.nthreads)
    Finalize(None, pool.end, exitpriority=1)  # before this process waits for its children
    return pool


def _pass_on(ours: "Future[Any]", theirs: Any) -> None:
    """Give the result of Dask's future to ours, in the thread that Dask has for it."""
    if not ours.set_running_or_notify_cancel():
        return
    try:
        records, result, error = theirs.result()
        for record in records:
            logging.getLogger(record.name).handle(record)
    except Exception as refusal:
        ours.set_exception(_explained(refusal))
        return
    ours.set_result(result) if error is None else ours.set_exception(error)


def _explained(error: Exception) -> Exception:
    """Say in a sentence why Dask gives no result."""
    from distributed import KilledWorker  # noqa: PLC0415 an optional dependency

    if isinstance(error, CancelledError | OSError):
        msg = (
            "The Dask scheduler must run until the end: got no more answers from it. Run "
            "again when it is back; finished stages are kept."
        )
        return LostSchedulerError(msg)
    if isinstance(error, KilledWorker):
        msg = (
            "A worker of the cluster must run until its work is done: got several that were "
            "ended, most often for lack of memory. Give workers more memory or fewer threads."
        )
        return LostWorkerError(msg)
    return error


@contextmanager
def open_cluster(address: str, limit_s: float | None) -> Iterator[ClusterExecutor]:
    """Connect to a Dask scheduler.

    Raises
    ------
    ConfigError
        If Dask is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client  # noqa: PLC0415 an optional dependency
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
    for name in ("distributed.client", "asyncio"):  # they log tracebacks, too
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with client:
        yield ClusterExecutor(client, limit_s)
