"""Real commands in separate processes, with stages that take hundredths of a second.

Imports take seconds, so one process imports everything and is forked for each command. Its
argument is the start method of worker processes: ``fork``, or ``spawn`` as in real use. It
reads a JSON list from each line of standard input: a file for the output of the command, and
the arguments. It prints the process id of the command and, when that has ended, its exit code.
"""

import json
import logging
import multiprocessing
import os
import signal
import sys
import time

from slow_stages import PAUSE_S, slow_stages

from pipeline.cli import cohort_commands, main  # noqa: F401 imports everything that commands need
from pipeline.run import cohort_pages, figures, plan
from pipeline.stages.plot_style import Picture


def quicken(workers: str) -> None:
    """Replace stages, pages and plots by fakes, and set the start method of workers."""
    context = multiprocessing.get_context(workers)
    for module, name, fake in (
        (plan, "STAGES", slow_stages()),
        (cohort_pages, "participant_page", lambda *_: "<html>one</html>\n"),
        (cohort_pages, "report", lambda *_: "<html>all</html>\n"),
        *((figures, f"plot_{name}", _plot) for name in ("groups", "effects", "border")),
        (multiprocessing, "get_context", lambda _: context),
    ):
        setattr(module, name, fake)
    os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    """Reset the signal and log handlers, which a spawned process would not inherit."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.getLogger("pipeline").handlers.clear()


def _plot(*_: object) -> Picture:
    time.sleep(PAUSE_S)
    return Picture(b"<svg/>", b"PNG")


def serve() -> None:
    """Run commands, one after the other, until standard input ends."""
    for line in sys.stdin:
        printed, *words = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored under nohup
            file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for number in (1, 2):
                os.dup2(file, number)
            sys.exit(main(words))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


quicken(sys.argv[1])  # in spawned workers, too
if __name__ == "__main__":
    serve()
