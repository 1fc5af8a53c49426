"""The state of a participant on disk, and what a run would do."""

from pipeline.run.job import Job, LocatedJob
from pipeline.run.outcome import NOT_RUN, Outcome
from pipeline.run.plan import Stage, select_stages
from pipeline.run.stage_cache import (
    FAILED,
    StageRecord,
    check_unaltered,
    check_unclaimed,
    is_current,
)


def get_status(job: Job) -> Outcome:
    """Determine from the files on disk what `process_participant` would do; writes nothing.

    If the job would be refused, the status is ``failed`` and no stage is to be run.
    """
    try:
        return _status(job)
    except Exception as error:  # one participant must not stop the others
        return Outcome.of_error(job.participant, error)


def _status(job: Job) -> Outcome:
    located = job.locate()
    located.check_scan()
    pending: Outcome | None = None
    for position, stage in enumerate(select_stages(job.stages)):
        record = job.record(stage.name)
        if not job.force:
            check_unaltered(record, job.out)
        pending = pending or _pending(stage, position, record, located)
        if pending and not job.force:
            check_unclaimed(record, located.targets(stage), job.out)
    return pending or Outcome(job.participant)


def _pending(
    stage: Stage, position: int, record: StageRecord | None, located: LocatedJob
) -> Outcome | None:
    """Give the reason why a stage has to be run; None if it is up to date."""
    job = located.job
    if job.force or not all(located.path(name).exists() for name in stage.reads):
        return _not_run(job, position)
    key = located.key(stage, located.inputs(stage))
    if record and record.status == FAILED and record.key == key:
        todo = job.stages[position:]
        return Outcome(job.participant, FAILED, record.reason, record.code, todo)
    return None if is_current(record, key, job.out) else _not_run(job, position)


def _not_run(job: Job, position: int) -> Outcome:
    reason = f"Stage {job.stages[position]!r} was not run with these settings."
    return Outcome(job.participant, NOT_RUN, reason, 0, job.stages[position:])
