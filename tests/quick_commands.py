"""Real commands in processes of their own, with stages that take hundredths of a second.

Imports take seconds, so one process does them once and is copied for each command; the word
that it is given says whether workers are copies (``fork``), too, or begin anew (``spawn``), as
they do for users. It reads a JSON list from each line of standard input: a file for what the
command prints, and its words; it writes the command's process id and, when that has ended,
its exit code.
"""

import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import replace

from fake_stages import fake_stages

from pipeline.cli import cohort_commands, main  # noqa: F401 imports what commands need
from pipeline.run import cohort_tables as tables
from pipeline.run import figures, plan
from pipeline.run.stage_io import Desk
from pipeline.stages.plot_style import Picture

PAUSE_S = 0.02


class Slowly:
    """Work that leaves files half written for a while."""

    def __init__(self, stage: plan.Stage) -> None:
        self._work = stage.work

    def __call__(self, desk: Desk) -> None:
        """Write something to each file, wait, and do the work."""
        for path in desk.write.values():
            path.write_bytes(b"half")
        time.sleep(PAUSE_S)
        for path in desk.write.values():
            path.unlink()
        self._work(desk)


def quicken(workers: str) -> None:
    """Put stages and pages in place that are pretended, and workers of the given kind."""
    stages = tuple(replace(stage, work=Slowly(stage)) for stage in fake_stages([]))
    context = multiprocessing.get_context(workers)
    for module, name, stand_in in (
        (plan, "STAGES", stages),
        (tables, "participant_page", lambda *_: "<html>one</html>\n"),
        (tables, "report", lambda *_: "<html>all</html>\n"),
        *((figures, f"plot_{name}", _plot) for name in ("groups", "effects", "border")),
        (multiprocessing, "get_context", lambda _: context),
    ):
        setattr(module, name, stand_in)
    os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    """Forget what a process that is no copy would not have: how its parent hears and logs."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.getLogger("pipeline").handlers.clear()


def _plot(*_: object) -> Picture:
    time.sleep(PAUSE_S)
    return Picture(b"<svg/>", b"PNG")


def serve() -> None:
    """Do commands, one after the other, until standard input ends."""
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


quicken(sys.argv[1])  # in workers that begin anew, too
if __name__ == "__main__":
    serve()
