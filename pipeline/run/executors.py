"""Executors that run calls in this process, or in worker processes that may be lost."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from logging.handlers import QueueHandler
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import LostWorkerError
from pipeline.threads import share_cores

P = ParamSpec("P")
T = TypeVar("T")
Call = Callable[[], Any]
log = logging.getLogger(__name__)
_TRIES = 2
# Enough to remove scratch files; longer calls are inside a library and ignore signals.
_SECONDS_TO_END = 2.0


class InProcess(Executor):
    """An executor that runs each call in this process when its result is requested."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Defer the call until its result is requested."""
        return _Deferred(partial(fn, *args, **kwargs))


class _Deferred(Future[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> T:
        """Run the call, unless it has run already."""
        if not self.done():
            self.set_result(self._call())
        return super().result(timeout)


class WorkerProcesses(Executor):
    """An executor of processes that each run one call at a time and end with this process.

    If a process dies, its call is retried once in a new one; other calls are not affected. If
    the context is left by an exception, such as an interrupt, all processes end at once.

    Parameters
    ----------
    count
        Number of calls at the same time.
    """

    def __init__(self, count: int) -> None:
        resource_tracker.ensure_running()  # otherwise its start would unblock interrupts
        self._count = count
        self._threads = ThreadPoolExecutor(count, initializer=_block_interrupts)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._living: set[_Worker] = set()
        self._is_ending = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run the call in the next idle process."""
        return self._threads.submit(self._run, partial(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the calls finish, then end the processes."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._end_workers()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes; after an exception, without waiting for their calls."""
        if kind is not None:
            self._end_workers()
        self.shutdown(cancel_futures=kind is not None)

    def _run(self, call: Call) -> Any:
        for _ in range(_TRIES):
            worker = self._idle_worker()
            try:
                answer = worker.run(call)
            except (EOFError, OSError):
                ended = self._ended(worker)
                continue
            with self._lock:
                self._idle.append(worker)
            return answer.result()
        msg = (
            f"A worker process must finish its task: got {_TRIES} that were ended, the last "
            f"{ended}; most often the system does so when memory runs out. Run again with "
            "fewer --jobs."
        )
        raise LostWorkerError(msg)

    def _idle_worker(self) -> "_Worker":
        with self._lock:
            if self._is_ending:
                msg = "A worker process must be available: got none, as all are being ended."
                raise LostWorkerError(msg)
            if self._idle:
                return self._idle.pop()
            worker = _Worker(logging.getLogger("pipeline").level, self._count)
            self._living.add(worker)
            return worker

    def _ended(self, worker: "_Worker") -> str:
        with self._lock:
            is_ours = worker in self._living
            self._living.discard(worker)
        if not is_ours:
            return "with all the others"
        ended = worker.end(0)
        log.warning("A worker process was ended %s before it finished its task.", ended)
        return ended

    def _end_workers(self) -> None:
        with self._lock:
            self._is_ending = True
            workers, self._living = self._living, set()
        for worker in workers:
            worker.process.terminate()
        last = time.monotonic() + _SECONDS_TO_END
        for worker in workers:
            worker.end(max(0.0, last - time.monotonic()))


class _Worker:
    """One process, and the pipe for calls to it, and log records and results from it."""

    def __init__(self, level: int, workers: int) -> None:
        # Spawned, as a fork would copy locks that threads of libraries hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, level, workers))
        self.process.start()
        theirs.close()  # so that the pipe closes when the process ends

    def run(self, call: Call) -> "Future[Any]":
        """Run a call in the process.

        Raises
        ------
        EOFError, OSError
            If the process ends before the call.
        """
        self._pipe.send(call)
        while isinstance(message := self._pipe.recv(), logging.LogRecord):
            logging.getLogger(message.name).handle(message)
        result, error = message
        answer: Future[Any] = Future()
        answer.set_result(result) if error is None else answer.set_exception(error)
        return answer

    def end(self, seconds: float) -> str:
        """Wait this long for the process to end, then kill it; say how it ended."""
        self.process.join(seconds)
        self.process.kill()
        self.process.join()
        code = self.process.exitcode or 0
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


class _ToParent(QueueHandler):
    """Sends log records and results through one pipe, without mixing them."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        super().__init__(SimpleQueue())
        self._pipe = pipe

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send a log record, unless the pipe is closed."""
        with suppress(OSError):
            self._pipe.send(record)

    def answer(self, result: object, error: Exception | None = None) -> None:
        """Send the result of a call."""
        self.acquire()
        try:
            self._pipe.send((result, error))
        finally:
            self.release()


def _serve(pipe: "Connection[Any, Any]", level: int, workers: int) -> None:
    """Run the calls that arrive through a pipe until it is closed."""
    share_cores(workers)
    signal.signal(signal.SIGTERM, _unwind)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    to_parent = _ToParent(pipe)
    package_log = logging.getLogger("pipeline")
    package_log.addHandler(to_parent)
    package_log.setLevel(level)
    with suppress(EOFError, BrokenPipeError):
        while True:
            to_parent.answer(*_answer(pipe.recv()))


def _answer(call: Call) -> tuple[object, Exception | None]:
    try:
        return call(), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_SECONDS_TO_END)
        os._exit(1)


def _unwind(number: int, _: object) -> None:
    """Exit through all context managers, which remove scratch files and end subprocesses."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _block_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to all processes of a command, to the parent.

    Processes that this thread starts inherit the blocked signal.
    """
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
