"""Runs the stages of every participant, in the executor that is given."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from pipeline.errors import LostSchedulerError, LostWorkerError
from pipeline.run.events import event, participant_log
from pipeline.run.job import Job
from pipeline.run.outcome import OK, Outcome, log_outcome
from pipeline.run.process_participant import LOG, process_participant
from pipeline.run.stage_cache import FAILED
from pipeline.run.status import get_status

# Calls that are submitted before others have ended: enough to occupy a large cluster, and
# few enough that memory does not grow with the cohort.
MOST_IN_FLIGHT = 1000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A participant that was submitted, its place in the cohort, and for which time."""

    position: int
    job: Job
    number: int = 1
    started: float = field(default_factory=time.perf_counter)


def process_cohort(
    jobs: Sequence[Job],
    executor: Executor,
    *,
    stop_on_first_failure: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run the stages of all participants that are not up to date.

    Files on disk are looked at here, so that only participants with something to do reach
    the executor. A participant whose worker is lost is submitted again, up to `run.retries`
    times.

    Parameters
    ----------
    on_outcome
        Called with each outcome, in the order in which participants finish.

    Returns
    -------
    list of Outcome
        In the order of the jobs, whichever finishes first; shorter than the jobs
        if the first failure stopped the rest.

    Raises
    ------
    LostSchedulerError
        If a cluster gives no more answers.
    """
    run = _CohortRun(executor, len(jobs), on_outcome)
    for position, job in enumerate(jobs):
        if stop_on_first_failure and run.has_failed:
            break
        run.look(position, job)
        run.collect(MOST_IN_FLIGHT - 1)
    run.collect(0, cancel=stop_on_first_failure)
    return [run.outcomes[position] for position in sorted(run.outcomes)]


@dataclass
class _CohortRun:
    executor: Executor
    total: int
    on_outcome: Callable[[Outcome], None]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    has_failed: bool = False
    _running: "dict[Future[Outcome], _Attempt]" = field(default_factory=dict)
    _ended: "SimpleQueue[Future[Outcome]]" = field(default_factory=SimpleQueue)

    def look(self, position: int, job: Job) -> None:
        """Submit a participant, unless there is nothing to do."""
        attempt = _Attempt(position, job)
        outcome = None if job.force else get_status(job)
        if outcome is None or outcome.status != OK:
            self._submit(attempt)
            return
        seconds = time.perf_counter() - attempt.started
        log_outcome(outcome, seconds=seconds, attempt=attempt.number)
        self._report(attempt, outcome, "up to date")

    def collect(self, most_running: int, *, cancel: bool = False) -> None:
        """Take the results of calls that ended; wait while too many are running.

        Parameters
        ----------
        cancel
            Start no more calls once one has failed.
        """
        while len(self._running) > most_running or not self._ended.empty():
            if cancel and self.has_failed:
                for future in list(self._running):
                    future.cancel()
            future = self._ended.get()
            self._take(self._running.pop(future), future)

    def _submit(self, attempt: _Attempt) -> None:
        future = self.executor.submit(process_participant, attempt.job, attempt.number)
        self._running[future] = attempt
        future.add_done_callback(self._ended.put)

    def _take(self, attempt: _Attempt, future: "Future[Outcome]") -> None:
        try:
            outcome = future.result()
        except CancelledError:
            return
        except LostSchedulerError:
            raise
        except Exception as error:  # from the executor: `process_participant` raises nothing
            self._take_error(attempt, error)
        else:
            self._report(attempt, outcome, outcome.status)

    def _take_error(self, attempt: _Attempt, error: Exception) -> None:
        job, tries = attempt.job, attempt.number
        name = job.name
        with participant_log(job.log_dir / LOG):
            if isinstance(error, LostWorkerError) and tries <= job.config.run.retries:
                facts = event("participant retried", name, reason=str(error), attempt=tries)
                log.warning("%s: %s It is tried again.", name, error, extra=facts)
                self._submit(replace(attempt, number=tries + 1))
                return
            outcome = Outcome.of_error(job.participant, error)
            if isinstance(error, LostWorkerError):
                outcome = replace(outcome, reason=f"{error} It was tried {tries} times.")
            seconds = time.perf_counter() - attempt.started
            log_outcome(outcome, seconds=seconds, attempt=tries, error=error)
        self._report(attempt, outcome, outcome.status)

    def _report(self, attempt: _Attempt, outcome: Outcome, status: str) -> None:
        self.outcomes[attempt.position] = outcome
        self.has_failed |= outcome.status == FAILED
        name = outcome.participant.key.name
        log.info("%s: %s (%d of %d)", name, status, len(self.outcomes), self.total)
        self.on_outcome(outcome)
