"""Runs the stages of every participant, in the executor that is given."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future

from pipeline.run.job import Job
from pipeline.run.open_executor import find_cluster_error
from pipeline.run.outcome import Outcome, log_bug
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED

log = logging.getLogger(__name__)


def process_cohort(
    jobs: Sequence[Job],
    executor: Executor,
    *,
    stop_on_first_failure: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run the stages of all participants.

    Parameters
    ----------
    on_outcome
        Called with each outcome, in the order of the jobs.

    Returns
    -------
    list of Outcome
        In the order of the jobs, whichever finishes first; shorter than the jobs
        if the first failure stopped the rest.
    """
    outcomes: list[Outcome] = []
    futures = [executor.submit(process_participant, job) for job in jobs]
    for job, future in zip(jobs, futures, strict=True):
        outcomes.append(_outcome(job, future))
        _log_outcome(outcomes[-1], len(outcomes), len(jobs))
        on_outcome(outcomes[-1])
        if stop_on_first_failure and outcomes[-1].status == FAILED:
            break
    for future in futures[len(outcomes) :]:
        future.cancel()
    return outcomes


def _outcome(job: Job, future: "Future[Outcome]") -> Outcome:
    try:
        return future.result()
    except Exception as error:  # from the executor, as `process_participant` raises nothing
        shown = find_cluster_error(error) or error
        log_bug(job.participant, shown)
        return Outcome.of_error(job.participant, shown)


def _log_outcome(outcome: Outcome, done: int, total: int) -> None:
    name = outcome.participant.participant_id
    if outcome.reason:
        log.error("%s: %s", name, outcome.reason)
    log.info("%s: %s (%d of %d)", name, outcome.status, done, total)
