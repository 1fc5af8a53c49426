"""Executors for many participants: this process, local processes, or a Dask cluster."""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import ConfigError, LostWorkerError
from pipeline.run.executors import InProcess, WorkerProcesses
from pipeline.store.files import remove_dead_scratch

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def open_executor(jobs: int = 1, scheduler: str | None = None) -> Iterator[Executor]:
    """Open the executor in which participants are processed.

    Parameters
    ----------
    jobs
        Participants processed at the same time on this machine.
    scheduler
        Address of a Dask scheduler to use instead, such as ``tcp://host:8786``.

    Raises
    ------
    ConfigError
        If `jobs` is below 1, or the cluster cannot be reached.
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
        with suppress(OSError):  # there may be no temporary folder
            remove_dead_scratch(Path(tempfile.gettempdir()))


def find_cluster_error(error: Exception) -> LostWorkerError | None:
    """Explain an error of a Dask client that lost its workers or scheduler; None for others."""
    distributed = sys.modules.get("distributed")
    if isinstance(error, CancelledError):
        msg = (
            "The Dask scheduler must run until the end: got no more answers from it. Run "
            "again when it is back; finished stages are kept."
        )
        return LostWorkerError(msg)
    if distributed is not None and isinstance(error, distributed.KilledWorker):
        msg = (
            "A worker of the cluster must run until its work is done: got several that were "
            "killed, most often for lack of memory. Give workers more memory or fewer threads."
        )
        return LostWorkerError(msg)
    return None


class _ClusterExecutor(Executor):
    """Submits calls through a Dask client.

    Dask's own executor blocks forever when the scheduler is lost.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Submit a call; Dask's future has `result` and `cancel`, too."""
        future: Future[T] = self._client.submit(fn, *args, pure=False, **kwargs)
        return future


@contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
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
        yield _ClusterExecutor(client)
