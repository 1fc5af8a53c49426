"""Executors for many participants: this process, local processes, or a Dask cluster."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.run.cluster import open_cluster
from pipeline.run.executors import InProcess, WorkerProcesses
from pipeline.store.files import remove_dead_scratch


@contextmanager
def open_executor(jobs: int = 1) -> Iterator[Executor]:
    """Open an executor for independent tasks on this machine.

    A task whose process dies is tried once more.

    Parameters
    ----------
    jobs
        Tasks processed at the same time.

    Raises
    ------
    ConfigError
        If `jobs` is below 1.
    """
    _check(jobs)
    executor = InProcess() if jobs == 1 else WorkerProcesses(jobs, tries=2)
    with _without_dead_scratch(), executor:
        yield executor


@contextmanager
def open_cohort_executor(
    jobs: int, scheduler: str | None, *, limit_s: float | None, is_one: bool
) -> Iterator[Executor]:
    """Open the executor in which participants are processed.

    Parameters
    ----------
    jobs
        Participants processed at the same time on this machine.
    scheduler
        Address of a Dask scheduler to use instead, such as ``tcp://host:8786``.
    limit_s
        Seconds that a participant may take; None for any number.
    is_one
        Whether there is one participant only, which this process does itself, without limit.

    Raises
    ------
    ConfigError
        If `jobs` is below 1, or the cluster cannot be reached.
    """
    _check(jobs)
    with _without_dead_scratch(), ExitStack() as stack:
        executor: Executor
        if scheduler is not None:
            executor = stack.enter_context(open_cluster(scheduler, limit_s))
        elif is_one:
            executor = InProcess()
        else:
            executor = stack.enter_context(WorkerProcesses(jobs, limit_s=limit_s))
        yield executor


def _check(jobs: int) -> None:
    if jobs < 1:
        msg = (
            f"--jobs must be 1 or more: got {jobs}. Give the number of participants at a time."
        )
        raise ConfigError(msg)


@contextmanager
def _without_dead_scratch() -> Iterator[None]:
    """Remove what killed processes left in the folder for temporary files."""
    try:
        yield
    finally:
        with suppress(OSError):  # there may be no temporary folder
            remove_dead_scratch(Path(tempfile.gettempdir()))
