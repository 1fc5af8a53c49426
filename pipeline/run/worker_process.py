"""A process that runs one call at a time, and sends back log records and results."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from pipeline.threads import share_cores

Call = Callable[[], Any]
# Enough to remove scratch files; longer calls are inside a library and ignore signals.
SECONDS_TO_END = 2.0


class WorkerProcess:
    """One process, and the pipe for calls to it, and log records and results from it.

    Parameters
    ----------
    sharing
        Number of processes that share the cores of this machine, this one included.
    """

    def __init__(self, sharing: int) -> None:
        # Spawned, as a fork would copy locks that threads of libraries hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, sharing))
        self.process.start()
        theirs.close()  # so that the pipe closes when the process ends

    def run(
        self, call: Call, on_record: Callable[[logging.LogRecord], None], limit_s: float | None
    ) -> "Future[Any]":
        """Run a call in the process.

        Parameters
        ----------
        on_record
            Called with each log record.
        limit_s
            Seconds that the call may take; None for any number.

        Raises
        ------
        TimeoutError
            If the call takes longer; the process goes on.
        EOFError, OSError
            If the process ends before the call.
        """
        last = None if limit_s is None else time.monotonic() + limit_s
        self._pipe.send(call)
        while True:
            if not self._pipe.poll(None if last is None else max(0.0, last - time.monotonic())):
                raise TimeoutError
            if not isinstance(message := self._pipe.recv(), logging.LogRecord):
                break
            on_record(message)
        result, error = message
        answer: Future[Any] = Future()
        answer.set_result(result) if error is None else answer.set_exception(error)
        return answer

    def end(self, seconds: float) -> str:
        """Wait this long for the process to end, then kill it; say how it ended."""
        self.process.join(seconds)
        self.process.kill()
        self.process.join(SECONDS_TO_END)  # one that waits for a dead disk does not end
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


def _serve(pipe: "Connection[Any, Any]", sharing: int) -> None:
    """Run the calls that arrive through a pipe until it is closed."""
    share_cores(sharing)
    signal.signal(signal.SIGTERM, _unwind)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    to_parent = _ToParent(pipe)
    package_log = logging.getLogger("pipeline")
    package_log.addHandler(to_parent)
    package_log.setLevel(logging.DEBUG)  # the handlers of the parent choose what they show
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
        time.sleep(SECONDS_TO_END)
        os._exit(1)


def _unwind(number: int, _: object) -> None:
    """Exit through all context managers, which remove scratch files and end subprocesses."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
