"""Stages that leave files half written for hundredths of a second, for tests that end them."""

import os
import signal
import time
from dataclasses import replace

from fake_stages import fake_stages

from pipeline.run import plan
from pipeline.run.stages.context import StageContext

PAUSE_S = 0.02
# Scans that begin so end the process of the stage that reads them, or are read without end.
DEADLY, ENDLESS = b"deadly", b"endless"


class SlowStage:
    """A stage that leaves its files half written for a while."""

    def __init__(self, stage: plan.Stage) -> None:
        self._run = stage.run

    def __call__(self, context: StageContext) -> None:
        """Write something to each file, wait, and run the stage."""
        scan = next(iter(context.read.values())).read_bytes()
        if scan.startswith(DEADLY):
            os.kill(os.getpid(), signal.SIGKILL)
        if scan.startswith(ENDLESS):
            time.sleep(600)
        for path in context.write.values():
            path.write_bytes(b"half")
        time.sleep(PAUSE_S)
        for path in context.write.values():
            path.unlink()
        self._run(context)


def slow_stages() -> tuple[plan.Stage, ...]:
    """Make all stages."""
    return tuple(replace(stage, run=SlowStage(stage)) for stage in fake_stages([]))
