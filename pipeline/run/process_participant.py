"""Runs the stages of one participant that are not up to date."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import ArtefactError
from pipeline.run.events import event, participant_log
from pipeline.run.job import Job, LocatedJob
from pipeline.run.outcome import Outcome, code_of, log_outcome, reason_of
from pipeline.run.outputs import SCAN
from pipeline.run.plan import Stage, producers, select_stages
from pipeline.run.stage_cache import (
    DONE,
    FAILED,
    WRITING,
    StageRecord,
    check_unaltered,
    check_unclaimed,
    hash_of,
    is_current,
    put_in_place,
    write_record,
)
from pipeline.run.stages.context import StageContext
from pipeline.store.files import remove_dead_scratch, scratch_folder
from pipeline.store.locks import lock_held

# Below `Job.log_dir`.
LOCK, LOG = "lock", "log.txt"
# A process whose parent was killed ends, and frees its lock, within seconds.
_LONGEST_WAIT_S = 10.0
log = logging.getLogger(__name__)


def process_participant(job: Job, attempt: int = 1) -> Outcome:
    """Run the stages of one participant; a failure is returned, not raised.

    What happens is also logged to ``OUT/logs/sub-XX/log.txt``.

    Parameters
    ----------
    attempt
        1 unless a worker was lost before.
    """
    name = job.name
    started = time.perf_counter()
    done: list[str] = []
    error: Exception | None = None
    with participant_log(job.log_dir / LOG):
        log.debug("%s: starts", name, extra=event("participant started", name, attempt=attempt))
        try:
            with lock_held(job.log_dir / LOCK, name, wait_s=_LONGEST_WAIT_S):
                _run_stages(job, done)
        except Exception as raised:  # one participant must not stop the others
            error = raised
        outcome = (
            Outcome.of_error(job.participant, error, tuple(done))
            if error
            else Outcome(job.participant, stages=tuple(done))
        )
        seconds = time.perf_counter() - started
        log_outcome(outcome, seconds=seconds, attempt=attempt, error=error)
    return outcome


def _run_stages(job: Job, done: list[str]) -> None:
    """Run stages that are not up to date, and append their names."""
    remove_dead_scratch(job.log_dir)
    located = job.locate()
    for stage in select_stages(job.stages):
        if _run_if_stale(stage, located):
            done.append(stage.name)
            located = located.fresh()


def _run_if_stale(stage: Stage, located: LocatedJob) -> bool:
    """Run a stage unless it is up to date; gives whether it was run."""
    job = located.job
    name = job.name
    prefix = f"{name} {stage.name}"
    _check_upstream(stage, located)
    inputs = located.inputs(stage)
    parts = located.key_parts(stage, inputs)
    key = hash_of(parts)
    record = job.record(stage.name)
    if not job.force:
        check_unaltered(record, job.out, located.sha256)
        if is_current(record, key, job.out):
            facts = event("stage skipped", name, stage=stage.name)
            log.info("%s: up to date", prefix, extra=facts)
            return False
        check_unclaimed(record, located.targets(stage), job.out)
    log.debug("%s: starts", prefix, extra=event("stage started", name, stage=stage.name))
    started = time.perf_counter()
    _run_recorded(stage, located, StageRecord(key, inputs, parts=parts), record)
    log.info("%s: done in %.1f s", prefix, time.perf_counter() - started)
    return True


def _run_recorded(
    stage: Stage, located: LocatedJob, done: StageRecord, before: StageRecord | None
) -> None:
    """Run a stage and record it as done or failed; nothing if the process is killed."""
    job = located.job
    started = time.perf_counter()
    known = before or done
    attempt = replace(done, outputs=known.outputs, pending=known.pending, status=WRITING)
    try:
        attempt = replace(done, outputs=_write(stage, located, attempt))
    except Exception as error:
        known = job.record(stage.name) or attempt  # some files may have been moved into OUT
        attempt = replace(
            attempt,
            outputs=known.outputs,
            pending=known.pending,
            status=FAILED,
            reason=reason_of(error),
            code=code_of(error),
        )
        raise
    finally:
        if attempt.status != WRITING:
            attempt = replace(attempt, seconds=round(time.perf_counter() - started, 2))
            _log_finished(stage, job, attempt)
            write_record(attempt, job.record_path(stage.name))


def _log_finished(stage: Stage, job: Job, attempt: StageRecord) -> None:
    facts = event(
        "stage finished",
        job.name,
        stage=stage.name,
        seconds=attempt.seconds,
        status=attempt.status,
        reason=attempt.reason,
        code=attempt.code,
    )
    log.debug("%s: %s", stage.name, attempt.status, extra=facts)


def _check_upstream(stage: Stage, located: LocatedJob) -> None:
    job = located.job
    if SCAN in stage.reads:
        located.check_scan()
    for producer in producers(stage):
        record = job.record(producer.name)
        missing = [
            located.relative(output)
            for output in producer.writes
            if output in stage.reads and not located.path(output).exists()
        ]
        if missing or (record is not None and record.status != DONE):
            msg = (
                f"Stage {stage.name!r} needs what {producer.name!r} writes: missing "
                f"{missing or 'a finished run of it'}. Run `footvol {producer.name}` first."
            )
            raise ArtefactError(msg)
        if not job.force:
            check_unaltered(record, job.out, located.sha256)


def _write(stage: Stage, located: LocatedJob, attempt: StageRecord) -> dict[str, str]:
    """Run a stage in a scratch folder and move its files into OUT; gives their sha256."""
    job = located.job
    job.out.mkdir(parents=True, exist_ok=True)
    with scratch_folder(job.out) as scratch:
        write = {output: scratch / located.relative(output) for output in stage.targets}
        for path in write.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        context = StageContext(
            job.participant,
            job.config,
            job.side,
            located.read_paths(stage),
            write,
            attempt.inputs,
            job.contrast,
            kept=located.kept(stage, attempt.inputs),
        )
        stage.run(context)
        _check_unchanged(attempt.inputs, located.fresh().inputs(stage))
        path = job.record_path(stage.name)
        return put_in_place(attempt, scratch, job.out, path, force=job.force)


def _check_unchanged(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Refuse outputs whose inputs were replaced while the stage ran."""
    changed = sorted({name for name, _ in before.items() ^ after.items()})
    if changed:
        msg = (
            f"Files must stay as they are while a stage reads them: got {changed}, changed "
            "meanwhile. Run again."
        )
        raise ArtefactError(msg)
