"""How many threads the work on one participant may use.

Every filter and network runs on one thread, as some sum in an order that depends on the number
of threads. What may run at the same time are whole calls, which give the same bytes anywhere.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


class _Share:
    """Cores that this process may use."""

    cores = os.cpu_count() or 1


def share_cores(workers: int) -> None:
    """Leave to this process its share of the cores, for the rest of its life.

    Parameters
    ----------
    workers
        Number of processes that work at the same time, this one included.
    """
    _Share.cores = max(1, (os.cpu_count() or 1) // workers)


def run_both(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Make two calls that do not depend on each other, at the same time if there are cores."""
    if _Share.cores < 2:
        return first(), second()
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(second)
        done = first()
        return done, pending.result()
