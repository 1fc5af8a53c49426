"""Progress: a bar on a terminal, plain lines elsewhere."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LEVELS = {-1: logging.ERROR, 0: logging.INFO}
log = logging.getLogger("pipeline")


@contextmanager
def open_log(verbosity: int) -> Iterator[None]:
    """Send log lines to stderr while a command runs."""
    handler = _make_handler()
    level, propagate = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(LEVELS.get(verbosity, logging.DEBUG))
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate


@contextmanager
def open_bar(total: int, unit: str) -> Iterator[Callable[[object], None]]:
    """Show a bar on a terminal; yields the function to call after each step."""
    if not (sys.stderr.isatty() and log.isEnabledFor(logging.INFO)):
        yield lambda _: None
        return
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_make_console(), transient=True) as bar:
        task = bar.add_task(unit, total=total)
        yield lambda _: bar.advance(task)


@cache
def _make_console() -> "Console":
    """Make the console that bar and log lines share, so that they do not interleave."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _make_handler() -> logging.Handler:
    if sys.stderr.isatty():
        from rich.logging import RichHandler

        return RichHandler(
            console=_make_console(),
            show_time=False,
            show_path=False,
            show_level=False,
            markup=False,
        )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
