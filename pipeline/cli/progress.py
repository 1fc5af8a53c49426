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
    handler.setLevel(LEVELS.get(verbosity, logging.DEBUG))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)  # files of events and participants have more than is shown
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
    is_quiet = all(handler.level > logging.INFO for handler in log.handlers)
    if is_quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import (
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Shows how many are done in an hour."""

        def render(self, task: Task) -> Text:
            """Give the rate, once it is known."""
            return Text(f"{task.speed * 3600:.0f}/h" if task.speed else "")

    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
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
