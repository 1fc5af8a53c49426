"""Executors that run calls in this process, or in worker processes that may be lost."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import LostWorkerError, TimeLimitError
from pipeline.run.worker_process import SECONDS_TO_END, Call, WorkerProcess

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


class InProcess(Executor):
    """An executor that runs each call in this process when its result is waited for."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Defer the call until its result is requested."""
        return _Deferred(partial(fn, *args, **kwargs))


class _Deferred(Future[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> T:
        """Run the call, unless it has run already."""
        self._run()
        return super().result(timeout)

    def add_done_callback(self, fn: "Callable[[Future[T]], Any]") -> None:
        """Run the call, unless it has run already, then the callback."""
        self._run()
        super().add_done_callback(fn)

    def _run(self) -> None:
        if self.done():
            return
        try:
            self.set_result(self._call())
        except Exception as error:
            self.set_exception(error)


class WorkerPool:
    """Processes that each run one call at a time and end with this process.

    Parameters
    ----------
    sharing
        Number of processes that share the cores of this machine.
    """

    def __init__(self, sharing: int) -> None:
        self._sharing = sharing
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._living: set[WorkerProcess] = set()
        self._is_ending = False

    def run(
        self,
        call: Call,
        limit_s: float | None = None,
        on_record: Callable[[logging.LogRecord], None] | None = None,
    ) -> Any:
        """Run a call in an idle process, or in a new one.

        Parameters
        ----------
        limit_s
            Seconds that the call may take; None for any number.
        on_record
            Called with each log record of the call; by default it is logged here.

        Raises
        ------
        LostWorkerError
            If the process ends before the call.
        TimeLimitError
            If the call takes longer than it may; its process is ended.
        """
        worker = self._idle_worker()
        try:
            answer = worker.run(call, on_record or _log_here, limit_s)
        except TimeoutError as error:
            worker.process.terminate()
            self._forget(worker, SECONDS_TO_END)
            msg = (
                "A participant must be done within run.time_limit_min: got more than "
                f"{(limit_s or 0) / 60:g} min. See whether its files can be read, or raise "
                "that limit."
            )
            raise TimeLimitError(msg) from error
        except (EOFError, OSError) as error:
            msg = (
                "A worker process must finish its task: got one that was ended "
                f"{self._forget(worker, 0)}; most often the system does so when memory runs "
                "out. Run again with fewer --jobs."
            )
            raise LostWorkerError(msg) from error
        with self._lock:
            self._idle.append(worker)
        return answer.result()

    def end(self) -> None:
        """End all processes, at once."""
        with self._lock:
            self._is_ending = True
            workers, self._living = self._living, set()
        for worker in workers:
            worker.process.terminate()
        last = time.monotonic() + SECONDS_TO_END
        for worker in workers:
            worker.end(max(0.0, last - time.monotonic()))

    def _idle_worker(self) -> WorkerProcess:
        with self._lock:
            if self._is_ending:
                msg = "A worker process must be available: got none, as all are being ended."
                raise LostWorkerError(msg)
            if self._idle:
                return self._idle.pop()
            worker = WorkerProcess(self._sharing)
            self._living.add(worker)
            return worker

    def _forget(self, worker: WorkerProcess, seconds: float) -> str:
        """End a process; say how it ended."""
        with self._lock:
            is_ours = worker in self._living
            self._living.discard(worker)
        return worker.end(seconds) if is_ours else "with all the others"


class WorkerProcesses(Executor):
    """An executor of processes that end with this process.

    If the context is left by an exception, such as an interrupt, all processes end at once.

    Parameters
    ----------
    count
        Number of calls at the same time.
    limit_s
        Seconds that a call may take; None for any number.
    tries
        How often a call is run if its process dies; other calls are not affected.
    """

    def __init__(self, count: int, *, limit_s: float | None = None, tries: int = 1) -> None:
        resource_tracker.ensure_running()  # otherwise its start would unblock interrupts
        self._threads = ThreadPoolExecutor(count, initializer=_block_interrupts)
        self._pool = WorkerPool(count)
        self._limit_s = limit_s
        self._tries = tries

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run the call in the next idle process."""
        return self._threads.submit(self._run, partial(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the calls finish, then end the processes."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._pool.end()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes; after an exception, without waiting for their calls."""
        if kind is not None:
            self._pool.end()
        self.shutdown(cancel_futures=kind is not None)

    def _run(self, call: Call) -> Any:
        for _ in range(self._tries - 1):
            try:
                return self._pool.run(call, self._limit_s)
            except LostWorkerError as error:
                log.warning("%s It is tried again.", error)
        return self._pool.run(call, self._limit_s)


def _log_here(record: logging.LogRecord) -> None:
    logging.getLogger(record.name).handle(record)


def _block_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to all processes of a command, to the parent.

    Processes that this thread starts inherit the blocked signal.
    """
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
