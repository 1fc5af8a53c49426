"""Stages that take no time, for tests of what carries them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.domain.landmarks import Border
from pipeline.domain.scan import Side
from pipeline.domain.table import Measurement, MeasurementTable
from pipeline.errors import SegmentationError
from pipeline.run import plan
from pipeline.run.artefacts import MUSCLES, OVERLAY, VOLUMES
from pipeline.run.work import Desk
from pipeline.store.tables import write_measurements

UNUSABLE = b"unusable"


def fake_stages(done: list[str]) -> tuple[plan.Stage, ...]:
    """Give the stages with work that is pretended; what is done is appended to `done`."""

    def stand_in(stage: plan.Stage) -> Callable[[Desk], None]:
        def work(desk: Desk) -> None:
            _pretend(desk)
            done.append(f"{desk.participant.label} {stage.name}")

        return work

    return tuple(replace(stage, work=stand_in(stage)) for stage in plan.STAGES)


def spoil_scan(bids_dir: Path, label: str) -> None:
    """Make the scan of a participant one that the segment stage refuses."""
    path = bids_dir / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz"
    path.write_bytes(UNUSABLE)


def make_table(volume_mm3: float) -> MeasurementTable:
    """Make a table of one muscle, a third of it in the rearfoot."""
    shares = {"rearfoot": volume_mm3 / 3, "forefoot": volume_mm3 * 2 / 3, "total": volume_mm3}
    return MeasurementTable(
        rows=tuple(
            Measurement("ABH", region, mm3, mm3 * 0.75, 0.25, 120.0, 61.5, 92.0)
            for region, mm3 in shares.items()
        ),
        muscles=("ABH",),
        side=Side.RIGHT,
        segmenter="fake",
        border=Border("tmt1", 118.5),
        border_sensitivity_cm3_per_mm=0.41,
        foot_length_mm=241.5,
    )


def _pretend(desk: Desk) -> None:
    content = b"".join(path.read_bytes() for path in desk.read.values())
    if MUSCLES in desk.write and content.startswith(UNUSABLE):
        msg = "No foot was found: got nothing. Look at the scan."
        raise SegmentationError(msg)
    for artefact, path in desk.write.items():
        if artefact == VOLUMES:
            write_measurements(make_table(1000.0 + 10 * len(content) ** 0.5), path)
        else:
            text = b"picture of " if artefact == OVERLAY else b""
            path.write_bytes(content + text + artefact.encode())
