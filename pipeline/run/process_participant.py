"""Takes one participant through the stages, doing only what is not up to date."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ArtefactError, ConfigError, PipelineError, system_refusal
from pipeline.run import plan
from pipeline.run.job import NOT_RUN, Job, Located, Outcome
from pipeline.run.outputs import SCAN
from pipeline.run.stage_cache import (
    DONE,
    FAILED,
    WRITING,
    StageRecord,
    check_unaltered,
    check_unclaimed,
    is_current,
    put_in_place,
    read_record,
    write_record,
)
from pipeline.run.stage_io import Desk
from pipeline.store.files import remove_dead_scratch, scratch_folder
from pipeline.store.names import sidecar_of

log = logging.getLogger(__name__)


def process(job: Job) -> Outcome:
    """Take one participant through the stages; a failure is told, not raised."""
    done: list[str] = []
    try:
        remove_dead_scratch(job.log_dir)
        located = job.locate()
        for stage in plan.chosen(job.stages):
            if _make(stage, located):
                done.append(stage.name)
    except Exception as error:  # one participant never stops the others
        return failure(job, error, tuple(done))
    return Outcome(job.participant, stages=tuple(done))


def look(job: Job) -> Outcome:
    """Tell what is on disk, and what `process` would do; writes nothing.

    Where `process` would be refused, the status is ``failed`` with no stage to be done.
    """
    try:
        return _look(job)
    except (PipelineError, OSError) as error:
        return Outcome(job.participant, FAILED, _reason(error), _code(error))


def _look(job: Job) -> Outcome:
    located = job.locate()
    _check_scan(located)
    found: Outcome | None = None
    for position, stage in enumerate(plan.chosen(job.stages)):
        record = _recorded(job, stage)
        if not job.force:
            check_unaltered(record, job.out)
        found = found or _pending(stage, position, record, located)
        if found and not job.force:
            check_unclaimed(record, _targets(stage, located), job.out)
    return found or Outcome(job.participant)


def _pending(
    stage: plan.Stage, position: int, record: StageRecord | None, located: Located
) -> Outcome | None:
    """Tell why a stage is to be done; None where it is up to date."""
    job = located.job
    if job.force or not all(located.path(artefact).exists() for artefact in stage.reads):
        return _not_run(job, position)
    key = located.key(stage, located.inputs(stage))
    if record and record.status == FAILED and record.key == key:
        todo = job.stages[position:]
        return Outcome(job.participant, FAILED, record.reason, record.code, todo)
    return None if is_current(record, key, job.out) else _not_run(job, position)


def _not_run(job: Job, position: int) -> Outcome:
    reason = f"Stage {job.stages[position]!r} was not run with these settings."
    return Outcome(job.participant, NOT_RUN, reason, 0, job.stages[position:])


def failure(job: Job, error: Exception, done: tuple[str, ...] = ()) -> Outcome:
    """Tell an error as how it went for a participant; a bug's traceback goes to the log."""
    if _code(error) == PipelineError.exit_code:
        log.error("%s: traceback", job.participant.participant_id, exc_info=error)
    return Outcome(job.participant, FAILED, _reason(error), _code(error), done)


def _code(error: Exception) -> int:
    if isinstance(error, OSError):
        return ConfigError.exit_code
    return error.exit_code if isinstance(error, PipelineError) else PipelineError.exit_code


def _reason(error: Exception) -> str:
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError):
        return system_refusal(error)
    return f"A bug of footvol ({error}). Please report it with the traceback that was printed."


def _make(stage: plan.Stage, located: Located) -> bool:
    """Do a stage unless it is up to date; say which, and give whether it was done."""
    job = located.job
    said = f"{job.participant.participant_id} {stage.name}"
    _check_upstream(stage, located)
    inputs = located.inputs(stage)
    key = located.key(stage, inputs)
    record = _recorded(job, stage)
    if not job.force:
        check_unaltered(record, job.out)
        if is_current(record, key, job.out):
            log.info("%s: up to date", said)
            return False
        check_unclaimed(record, _targets(stage, located), job.out)
    log.debug("%s: starts", said)
    started = time.perf_counter()
    known = record or StageRecord(key)
    attempt = StageRecord(key, inputs, known.outputs, WRITING, pending=known.pending)
    try:
        outputs = _write(stage, located, attempt)
        attempt = StageRecord(key, inputs, outputs)
    except Exception as error:
        known = _recorded(job, stage) or attempt  # files may have begun to be put in place
        attempt = replace(
            attempt,
            outputs=known.outputs,
            pending=known.pending,
            status=FAILED,
            reason=_reason(error),
            code=_code(error),
        )
        raise
    finally:
        if attempt.status != WRITING:
            seconds = round(time.perf_counter() - started, 2)
            write_record(replace(attempt, seconds=seconds), job.record_path(stage.name))
    log.info("%s: done in %.1f s", said, time.perf_counter() - started)
    return True


def _recorded(job: Job, stage: plan.Stage) -> StageRecord | None:
    try:
        return read_record(job.record_path(stage.name))
    except ArtefactError:
        if job.force:
            return None
        raise


def _targets(stage: plan.Stage, located: Located) -> list[str]:
    """Give the paths below OUT that a stage may write, with their sidecars."""
    paths = [Path(located.relative(artefact)) for artefact in stage.targets]
    return [path.as_posix() for target in paths for path in (target, sidecar_of(target))]


def _check_scan(located: Located) -> None:
    if not located.raw.exists():
        msg = (
            f"A scan must exist: got {str(located.raw)!r}, which is not there. Check the path."
        )
        raise ArtefactError(msg)


def _check_upstream(stage: plan.Stage, located: Located) -> None:
    job = located.job
    if SCAN in stage.reads:
        _check_scan(located)
    for producer in plan.producers(stage):
        record = _recorded(job, producer)
        missing = [
            located.relative(artefact)
            for artefact in producer.writes
            if artefact in stage.reads and not located.path(artefact).exists()
        ]
        if missing or (record is not None and record.status != DONE):
            msg = (
                f"Stage {stage.name!r} needs what {producer.name!r} writes: missing "
                f"{missing or 'a finished run of it'}. Run `footvol {producer.name}` first."
            )
            raise ArtefactError(msg)
        if not job.force:
            check_unaltered(record, job.out)


def _write(stage: plan.Stage, located: Located, attempt: StageRecord) -> dict[str, str]:
    """Do the work in a scratch folder, then put all its files in place; gives their sums."""
    job = located.job
    job.out.mkdir(parents=True, exist_ok=True)
    with scratch_folder(job.out) as scratch:
        write = {artefact: scratch / located.relative(artefact) for artefact in stage.targets}
        for path in write.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        read = {artefact: located.path(artefact) for artefact in stage.reads}
        read |= located.optional(stage)
        stage.work(
            Desk(
                job.participant,
                job.config,
                job.side,
                read,
                write,
                attempt.inputs,
                job.contrast,
            )
        )
        _check_kept(attempt.inputs, located.inputs(stage))
        path = job.record_path(stage.name)
        return put_in_place(attempt, scratch, job.out, path, force=job.force)


def _check_kept(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Refuse what was made from files that somebody replaced meanwhile."""
    changed = sorted({name for name, _ in before.items() ^ after.items()})
    if changed:
        msg = (
            f"Files must stay as they are while a stage reads them: got {changed}, changed "
            "meanwhile. Run again."
        )
        raise ArtefactError(msg)
