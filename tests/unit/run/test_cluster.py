"""The executor of a Dask cluster: refused addresses, answers, and what is lost."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import ConfigError, LostSchedulerError, LostWorkerError
from pipeline.run import cluster
from pipeline.run.cluster import open_cluster, run_on_worker


class KilledWorker(Exception):  # noqa: N818 its name in Dask
    """The error that Dask raises after several workers were lost."""


class Client(contextlib.nullcontext[None]):
    """Simulates a Dask client: runs a call at once, or fails with an error."""

    error: Exception | None = None

    def __init__(self, *sent: object, timeout: int) -> None:
        super().__init__(None)
        self.sent: list[object] = [sent, timeout]

    def submit(self, fn: Callable[..., Any], *args: Any, pure: bool) -> "Future[Any]":
        """Run the call."""
        self.sent.append(pure)
        future: Future[Any] = Future()
        if self.error is None:
            future.set_result(fn(*args))
        else:
            future.set_exception(self.error)
        return future


@pytest.fixture
def dask(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    """Replace Dask, and the processes that its workers start."""

    class Pool:
        """Runs calls in this process."""

        def run(self, call: Callable[[], Any], limit_s: float, on_record: Any) -> Any:
            """Run a call and log the time that it may take."""
            facts = {"name": "pipeline.far", "levelno": logging.WARNING}
            on_record(logging.makeLogRecord(facts | {"msg": f"{limit_s:g} s"}))
            return call()

    module = SimpleNamespace(Client=Client, KilledWorker=KilledWorker)
    monkeypatch.setitem(sys.modules, "distributed", module)
    monkeypatch.setattr(cluster, "_pool", Pool)
    monkeypatch.setattr(Client, "error", None)
    return Client


@contextmanager
def opened() -> Iterator[Executor]:
    """Open the cluster, with a limit of 90 seconds."""
    with open_cluster("tcp://node:8786", 90.0) as executor:
        yield executor


def test_a_cluster_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ConfigError, match=r"pip install 'footvol\[cluster\]'"), opened():
        pass


def test_a_scheduler_that_cannot_be_reached_is_refused(
    dask: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the address, the reason and an example."""

    def refuse(*_: object, **__: object) -> None:
        reason = "no route"
        raise OSError(reason)

    monkeypatch.setattr(dask, "__init__", refuse)

    with (
        pytest.raises(ConfigError, match=r"running Dask scheduler: got 'tcp://node:8786' \(no"),
        opened(),
    ):
        pass


@pytest.mark.usefixtures("dask")
def test_equal_calls_are_run_separately_and_their_log_arrives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By default, Dask would return the result of the first."""
    with opened() as executor:
        assert executor.submit(abs, -3).result() == 3

    assert executor._client.sent == [("tcp://node:8786",), 10, False]  # type: ignore[attr-defined]
    assert caplog.messages == ["90 s"]


@pytest.mark.usefixtures("dask")
def test_an_error_of_a_call_is_raised_here() -> None:
    """The worker returns it."""
    with opened() as executor, pytest.raises(ValueError, match="invalid literal"):
        executor.submit(int, "three").result()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (CancelledError(), LostSchedulerError, "The Dask scheduler must run until the end"),
        (OSError("closed"), LostSchedulerError, "finished stages are kept"),
        (KilledWorker("call", "tcp://node", 3), LostWorkerError, "for lack of memory"),
        (ZeroDivisionError("bug"), ZeroDivisionError, "bug"),
    ],
)
def test_what_dask_loses_is_explained(
    dask: type[Client],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kind: type[Exception],
    words: str,
) -> None:
    """Other errors are raised as they are."""
    monkeypatch.setattr(dask, "error", error)

    with opened() as executor, pytest.raises(kind, match=words):
        executor.submit(abs, -3).result()


@pytest.mark.usefixtures("dask")
def test_a_cancelled_call_is_cancelled_on_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it any more."""
    waiting: Future[Any] = Future()
    with opened() as executor:
        monkeypatch.setattr(Client, "submit", lambda *_, **__: waiting)
        assert executor.submit(abs, -3).cancel()

    assert waiting.cancelled()


@pytest.mark.integration
def test_a_worker_runs_calls_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a call that ends its process does not end the worker."""
    worker = SimpleNamespace(state=SimpleNamespace(nthreads=2))
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    cluster._pool.cache_clear()
    records, result, error = run_on_worker(lambda_free_abs, 60.0)
    lost = run_on_worker(end_process, 60.0)
    cluster._pool().end()
    cluster._pool.cache_clear()

    assert (records, result, error) == ([], 3, None)
    assert isinstance(lost[2], LostWorkerError)


def lambda_free_abs() -> int:
    """Give 3, as a function that can be sent to a process."""
    return abs(-3)


def end_process() -> None:
    """End this process without a word."""
    import os  # noqa: PLC0415

    os._exit(9)
