"""The state of a participant on disk, and what a run would do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import ArtefactError, PipelineError, listed
from pipeline.run.job import Job, LocatedJob
from pipeline.run.outcome import NOT_RUN, Outcome
from pipeline.run.plan import Stage, select_stages
from pipeline.run.stage_cache import (
    FAILED,
    WRITING,
    StageRecord,
    check_unaltered,
    check_unclaimed,
    hash_of,
    is_current,
)

State = Literal["done", "stale", "never run", "failed"]


@dataclass(frozen=True, slots=True)
class StageState:
    """The state of one stage of one participant on disk.

    Parameters
    ----------
    reason
        Why it is stale or failed.
    code
        Exit code of a failure.
    """

    stage: str
    state: State
    reason: str | None = None
    code: int = 0


def get_stage_states(job: Job) -> tuple[StageState, ...]:
    """Determine the state of each stage of a job, and why it is so; writes nothing."""
    try:
        located = job.locate()
        located.check_scan()
        return tuple(_states(located))
    except (PipelineError, OSError) as error:
        refused = Outcome.of_error(job.participant, error)
        return tuple(
            StageState(stage, "failed", refused.reason, refused.code) for stage in job.stages
        )


def _states(located: LocatedJob) -> Iterator[StageState]:
    """Give the state of each stage; those that read what a stale one writes are stale, too."""
    stale: set[str] = set()
    for stage in select_stages(located.job.stages):
        state = _state(stage, located)
        waits_for = [name for name in stage.reads if name in stale]
        if state.state == "done" and waits_for:
            state = StageState(stage.name, "stale", f"{listed(waits_for)} will be made again")
        if state.state != "done":
            stale |= set(stage.targets)
        yield state


def _state(stage: Stage, located: LocatedJob) -> StageState:
    record = located.job.record(stage.name)
    if record is None:
        return StageState(stage.name, "never run")
    try:
        check_unaltered(record, located.job.out, located.sha256)
    except ArtefactError as error:
        return StageState(stage.name, "failed", str(error), error.exit_code)
    reason = _why_stale(stage, located, record)
    if reason:
        return StageState(stage.name, "stale", reason)
    if record.status == FAILED:
        return StageState(stage.name, "failed", record.reason, record.code)
    return StageState(stage.name, "done")


def _why_stale(stage: Stage, located: LocatedJob, record: StageRecord) -> str | None:
    missing = [name for name in stage.reads if not located.path(name).exists()]
    if missing:
        return f"inputs are missing: {listed(missing)}"
    if record.status == WRITING:
        return "it was ended while it wrote its outputs"
    changed = _changed(stage, located, record)
    lost = [name for name in record.outputs if not (located.job.out / name).exists()]
    return changed or (f"outputs are missing: {listed(lost)}" if lost else None)


def _changed(stage: Stage, located: LocatedJob, record: StageRecord) -> str | None:
    """Say which parts of the cache key have changed, and which input files."""
    inputs = located.inputs(stage)
    parts = located.key_parts(stage, inputs)
    if record.key == hash_of(parts):
        return None
    files = sorted({name for name, _ in inputs.items() ^ record.inputs.items()})
    changed = [name for name, sha in parts.items() if record.parts.get(name) != sha]
    named = [f"inputs {listed(files)}" if name == "inputs" else name for name in changed]
    return f"changed: {', '.join(named)}"


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
            check_unaltered(record, job.out, located.sha256)
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
