"""Stages that take no time, for tests of the code that runs them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side
from pipeline.errors import SegmentationError
from pipeline.run import cohort_pages, figures, open_executor, plan
from pipeline.run.executors import InProcess
from pipeline.run.outputs import (
    BORDER,
    MUSCLES,
    MUSCLES_CORRECTION,
    OVERLAY,
    PROBABILITY,
    VOLUMES,
)
from pipeline.run.stages.context import StageContext
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS
from pipeline.stages.plot_style import Picture
from pipeline.store.tables import write_measurements, write_table

UNUSABLE = b"unusable"


def fake_stages(done: list[str]) -> tuple[plan.Stage, ...]:
    """Make stages that write simple files; each run is appended to `done`."""

    def fake(stage: plan.Stage) -> Callable[[StageContext], None]:
        def run(context: StageContext) -> None:
            _write_outputs(context)
            done.append(f"{context.participant.label} {stage.name}")

        return run

    return tuple(replace(stage, run=fake(stage)) for stage in plan.STAGES)


def replace_work(patch: pytest.MonkeyPatch) -> list[str]:
    """Replace all that takes time in a run; gives what was done, in order."""
    done: list[str] = []
    patch.setattr(plan, "STAGES", fake_stages(done))
    patch.setattr(open_executor, "WorkerProcesses", lambda *_, **__: InProcess())
    patch.setattr(cohort_pages, "participant_page", lambda *_: "<html>one</html>\n")
    patch.setattr(cohort_pages, "report", lambda *_: "<html>all</html>\n")
    for name in ("plot_groups", "plot_effects", "plot_border"):
        patch.setattr(figures, name, lambda *_: Picture(b"<svg/>", b"PNG"))
    return done


def spoil_scan(bids_dir: Path, label: str) -> None:
    """Replace the scan of a participant by one that the segment stage refuses."""
    path = bids_dir / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz"
    path.write_bytes(UNUSABLE)


def make_table(volume_mm3: float) -> MeasurementTable:
    """Make a table of one muscle, a third of it in the rearfoot."""
    volumes = {"rearfoot": volume_mm3 / 3, "forefoot": volume_mm3 * 2 / 3, "total": volume_mm3}
    return MeasurementTable(
        rows=tuple(
            Measurement("ABH", region, mm3, mm3 * 0.75, 0.25, 120.0, 61.5, 92.0)
            for region, mm3 in volumes.items()
        ),
        muscles=("ABH",),
        side=Side.RIGHT,
        segmenter="fake",
        border=Border("tmt1", 118.5),
        border_sensitivity_cm3_per_mm=0.41,
        foot_length_mm=241.5,
    )


def make_sweep(seed: int) -> pd.DataFrame:
    """Make the volumes of both regions for three positions of the border."""
    rows = [(mm, 0.3 + mm / 10 + seed / 1e4, 0.7 - mm / 10) for mm in (-1.0, 0.0, 1.0)]
    return pd.DataFrame(rows, columns=list(SWEEP_COLUMNS))


def _write_outputs(context: StageContext) -> None:
    content = b"".join(path.read_bytes() for path in context.read.values())
    if MUSCLES in context.write and content.startswith(UNUSABLE):
        msg = "No foot was found: got nothing. Look at the scan."
        raise SegmentationError(msg)
    for output, path in context.write.items():
        if output == VOLUMES:
            write_measurements(make_table(1000.0 + 10 * len(content) ** 0.5), path)
        elif output == PROBABILITY and MUSCLES_CORRECTION in context.read:
            continue
        elif output == BORDER:
            write_table(make_sweep(len(content)), path, SWEEP_COLUMNS)
        else:
            text = b"picture of " if output == OVERLAY else b""
            path.write_bytes(content + text + output.encode())
