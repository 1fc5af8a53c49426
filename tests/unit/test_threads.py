"""Calls at the same time, where there are cores for them."""

import threading

import pytest

from pipeline import threads
from pipeline.threads import run_both, share_cores


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have four cores."""
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr(threads._Share, "cores", 4)


@pytest.mark.parametrize(
    ("workers", "is_alone"), [(1, False), (2, False), (3, True), (9, True)]
)
def test_a_process_uses_its_share_of_the_cores(workers: int, *, is_alone: bool) -> None:
    """With one core or less for each worker, the calls are made one after the other."""
    share_cores(workers)

    first, second = run_both(threading.get_ident, threading.get_ident)

    assert (first == second) == is_alone


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_either_call_is_raised(workers: int) -> None:
    """It does not matter which one fails, nor how many threads there are."""
    share_cores(workers)

    with pytest.raises(ZeroDivisionError, match="modulo by zero"):
        run_both(lambda: 1 // 0, lambda: 1)
    with pytest.raises(ZeroDivisionError, match="modulo by zero"):
        run_both(lambda: 1, lambda: 1 // 0)
