"""What an output folder has of a measured foot, checked against its records."""

from pipeline.domain.scan import Scan
from pipeline.errors import ArtefactError, listed
from pipeline.run.job import LocatedJob
from pipeline.run.outputs import BONES, MUSCLES, VOLUMES
from pipeline.run.plan import MEASURING, Stage, select_stages
from pipeline.run.stage_cache import DONE, check_unaltered
from pipeline.store.dicom.result_objects import FootResult
from pipeline.store.images import read_scan, read_segmentation
from pipeline.store.provenance import version_in
from pipeline.store.tables import read_measurements

_ADVICE = "Run footvol run again."


def read_foot(located: LocatedJob) -> tuple[Scan, FootResult]:
    """Read a scan and what was measured on it.

    Raises
    ------
    ArtefactError
        If a stage is not done, or its inputs or outputs have changed since.
    ScanError
        If the scan cannot be read.
    """
    located.check_scan()
    for stage in select_stages(MEASURING):
        _check_stage(stage, located)
    muscles, bones, volumes = (located.path(name) for name in (MUSCLES, BONES, VOLUMES))
    result = FootResult(
        read_segmentation(muscles, bones), read_measurements(volumes), version_in(muscles)
    )
    return read_scan(located.raw, located.job.contrast), result


def _check_stage(stage: Stage, located: LocatedJob) -> None:
    record = located.job.record(stage.name)
    if record is None or record.status != DONE:
        got = record.reason or record.status if record else "never run"
        msg = (
            f"A foot must be measured before it is exported: got {got!r} for {stage.name!r}. "
            f"{_ADVICE}"
        )
        raise ArtefactError(msg)
    check_unaltered(record, located.job.out, located.sha256)
    changed = {name for name, _ in located.inputs(stage).items() ^ record.inputs.items()}
    lost = [name for name in record.outputs if not (located.job.out / name).exists()]
    if changed or lost:
        what = f"{listed(sorted(changed or lost))}, {'changed' if changed else 'lost'} since"
        msg = f"A foot must be as it was measured by {stage.name}: got {what}. {_ADVICE}"
        raise ArtefactError(msg)
