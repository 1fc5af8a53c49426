"""Executors: options that are refused, the Dask cluster, and scratch files."""

import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.run.executors import InProcess
from pipeline.run.open_executor import open_executor


def test_zero_jobs_are_refused() -> None:
    """At least one is needed."""
    with pytest.raises(ConfigError, match="--jobs must be 1 or more: got 0"), open_executor(0):
        pass


def test_a_cluster_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with (
        pytest.raises(ConfigError, match=r"pip install 'footvol\[cluster\]'"),
        open_executor(1, "tcp://nowhere:8786"),
    ):
        pass


def test_equal_calls_are_run_separately_on_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default, Dask would return the result of the first."""
    sent: list[tuple[Any, ...]] = []

    class Client(contextlib.nullcontext[None]):
        """Simulates a Dask client."""

        def __init__(self, address: str, timeout: int) -> None:
            super().__init__(None)
            sent.append((address, timeout))

        def submit(self, fn: Callable[..., Any], *args: Any, pure: bool) -> "Future[Any]":
            """Run the call and keep its arguments."""
            sent.append((fn, *args, pure))
            return InProcess().submit(fn, *args)

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client))
    with open_executor(1, "tcp://node:8786") as executor:
        assert executor.submit(abs, -3).result() == 3

    assert sent == [("tcp://node:8786", 10), (abs, -3, False)]


def test_temporary_files_of_killed_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Converted or unpacked scans of an earlier command are removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / ".footvol-dead" / "files").mkdir(parents=True)
    with open_executor():
        pass

    assert not [*tmp_path.iterdir()]
