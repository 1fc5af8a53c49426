"""Runs jobs in an executor that is opened for them."""

from collections.abc import Callable, Sequence

from pipeline.run.cohort import Cohort
from pipeline.run.job import Job
from pipeline.run.open_executor import open_cohort_executor
from pipeline.run.outcome import Outcome
from pipeline.run.process_cohort import process_cohort
from pipeline.store.files import remove_dead_scratch


def run_jobs(
    cohort: Cohort,
    jobs: Sequence[Job],
    *,
    processes: int = 1,
    scheduler: str | None = None,
    stop_on_first_failure: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run the stages of these jobs that are not up to date, as `process_cohort`.

    Parameters
    ----------
    jobs
        Of the cohort.
    processes, scheduler
        Where they run: as `open_cohort_executor`.

    Raises
    ------
    ConfigError
        If there are no processes, or the cluster cannot be reached.
    LostSchedulerError
        If a cluster gives no more answers.
    """
    try:
        with open_cohort_executor(
            processes, scheduler, limit_s=cohort.config.run.limit_s, is_one=len(jobs) == 1
        ) as executor:
            return process_cohort(
                jobs,
                executor,
                stop_on_first_failure=stop_on_first_failure,
                on_outcome=on_outcome,
            )
    finally:  # a killed worker cannot remove its scratch files
        remove_dead_scratch(cohort.out, *(job.log_dir for job in jobs))
