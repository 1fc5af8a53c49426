"""A raw dataset taken in from DICOM, and an output folder with labels made at random."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from exported import make_foot, make_measurements
from fake_stages import fake_stages, replace_work
from makers import make_taken_scan

from pipeline.cli import main
from pipeline.domain.scan import Scan, Side
from pipeline.run import plan
from pipeline.run.outputs import BONES, MUSCLES, VOLUMES
from pipeline.run.stages.context import StageContext
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import write_labels
from pipeline.store.provenance import sidecar
from pipeline.store.tables import write_measurements


@dataclass(frozen=True, slots=True)
class Measured:
    """Folders of the original series, of the raw dataset and of the results."""

    dicom: Path
    raw: Path
    out: Path

    @classmethod
    def below(cls, folder: Path) -> "Measured":
        """Name the three folders inside another one."""
        return cls(folder / "dicom", folder / "raw", folder / "out")


def measure(folder: Path, labels: Sequence[str] = ("01", "02")) -> Measured:
    """Write, take in and measure tiny scans, by stages that take no time."""
    made = Measured.below(folder)
    for number, label in enumerate(labels):
        scan = make_taken_scan()
        levels = scan.intensity + number
        write_dicom_series(
            Scan(levels, scan.grid, acquisition=scan.acquisition),
            made.dicom / f"sub-{label}",
            label=label,
            side=Side.RIGHT,
        )
    with idle_stages():
        assert main(["intake", str(made.dicom), str(made.raw), "-q"]) == 0
        assert main(["run", str(made.raw), str(made.out), "-q"]) == 0
    return made


@contextmanager
def idle_stages() -> Iterator[None]:
    """Replace the stages by ones that write labels made at random."""
    with pytest.MonkeyPatch.context() as patch:
        replace_work(patch)
        patch.setattr(plan, "STAGES", tuple(_stages()))
        yield


def _stages() -> Iterator[plan.Stage]:
    for stage in fake_stages([]):
        yield replace(stage, run=_with_results(stage.run))


def _with_results(fake: Callable[[StageContext], None]) -> Callable[[StageContext], None]:
    """Write labels and measurements in place of the bytes of a fake stage."""

    def run(context: StageContext) -> None:
        fake(context)
        foot = make_foot(make_taken_scan().grid)
        for output, labels in ((MUSCLES, foot.muscles), (BONES, foot.bones)):
            if path := context.write.get(output):
                path.unlink()
                write_labels(labels, path, like=None)
                sidecar(path, side=foot.side, segmenter=foot.segmenter)
        if VOLUMES in context.write:
            write_measurements(make_measurements(), context.write[VOLUMES])

    return run
