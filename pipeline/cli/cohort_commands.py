"""What the commands over participants do; imported only when one of them runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.cli.options import Session
from pipeline.cli.progress import open_bar
from pipeline.domain.outcome_keys import OUTCOME_KEYS
from pipeline.errors import ConfigError
from pipeline.run.batch import open_executor, process_all
from pipeline.run.cohort import Cohort, open_cohort, open_scan
from pipeline.run.cohort_outputs import (
    PAGES,
    TABLES,
    asked_for_before,
    check_out,
    prepare_out,
    written_together,
)
from pipeline.run.cohort_tables import (
    Gathered,
    check_comparison,
    gather,
    write_printed,
    write_report,
    write_statistics,
    write_volumes,
)
from pipeline.run.figures import write_figures
from pipeline.run.job import OK, Outcome, exit_code
from pipeline.run.muscle_tables import write_border, write_muscles
from pipeline.run.process_participant import look
from pipeline.run.stage_cache import FAILED
from pipeline.store.files import remove_dead_scratch

__all__ = [
    "Way",
    "all_labels",
    "compare_groups",
    "open_cohort",
    "open_scan",
    "run_all",
    "run_stage",
    "tell_pending",
    "write_pages",
]
VOLUMES_SHOWN = [
    "participant_id",
    "group",
    "rearfoot_cm3",
    "forefoot_cm3",
    "total_cm3",
    "rearfoot_mm3_per_kg",
    "forefoot_mm3_per_kg",
    "total_mm3_per_kg",
    "status",
]
STATISTICS_SHOWN = [
    "outcome",
    "group_a",
    "group_b",
    "n_a",
    "n_b",
    "mean_a",
    "mean_b",
    "mean_difference",
    "ci95_low",
    "ci95_high",
    "p",
    "p_holm",
    "cohens_d",
]


@dataclass(frozen=True, slots=True)
class Way:
    """How the participants are worked through."""

    jobs: int = 1
    scheduler: str | None = None
    force: bool = False
    stop_on_first_failure: bool = False


def all_labels(named: Sequence[str] | None, more: Sequence[str] | None) -> tuple[str, ...]:
    """Join ``--participant-label 01`` and the bare labels after it, as in BIDS apps.

    Raises
    ------
    ConfigError
        If there are bare words without the option.
    """
    if more and not named:
        msg = (
            f"A command takes two folders: got {list(more)!r} beyond them. "
            "Name participants with --participant-label."
        )
        raise ConfigError(msg)
    return (*(named or ()), *(more or ()))


def run_all(session: Session, cohort: Cohort, way: Way, *, is_single_scan: bool = False) -> int:
    """Do everything, print the tables and where the report is."""
    check_comparison(cohort)
    prepare_out(cohort, force=way.force)
    outcomes = _process(cohort, (), way)
    _write_all(session, gather(cohort, outcomes), force=way.force)
    return exit_code(_counting(cohort, outcomes), is_single_stage=is_single_scan)


def run_stage(session: Session, cohort: Cohort, stage: str, way: Way) -> int:
    """Do one stage and print how it went."""
    prepare_out(cohort, force=way.force)
    outcomes = _process(cohort, (stage,), way)
    done = sum(outcome.status == OK for outcome in outcomes)
    session.print(f"{stage}: {done} of {len(outcomes)} participants, in {cohort.out}")
    return exit_code(outcomes, is_single_stage=True)


def compare_groups(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Write the two tables from what is measured, and print them."""
    check_comparison(cohort)
    prepare_out(cohort, force=force)
    gathered = gather(cohort)
    volumes, statistics, _ = _write_tables(gathered, force=force)
    _print_tables(session, volumes, statistics)
    return exit_code(_counting(cohort, [entry.outcome for entry in gathered.entries]))


def write_pages(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Draw missing figures, then write tables and pages."""
    check_comparison(cohort)
    prepare_out(cohort, force=force)
    outcomes = _process(cohort, ("figures",), Way(force=force))
    # whether the others are measured with these settings, their records tell
    failed = [outcome for outcome in outcomes if outcome.status != OK]
    _write_all(session, gather(cohort, failed), force=force)
    return exit_code(_counting(cohort, outcomes), is_single_stage=True)


def tell_pending(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Print what a run would do, and what it would refuse; gives the code of the latter."""
    check_comparison(cohort)
    check_out(cohort, force=force)
    refused = []
    for outcome in (look(job) for job in cohort.jobs(force=force)):
        todo = f"would do {', '.join(outcome.stages) or 'nothing, all is up to date'}"
        if outcome.status == FAILED and not outcome.stages:
            todo = f"would be refused: {outcome.reason}"
            refused.append(outcome)
        session.print(f"{outcome.participant.participant_id}: {todo}")
    return exit_code(_counting(cohort, refused))


def _process(cohort: Cohort, stages: Sequence[str], way: Way) -> list[Outcome]:
    jobs = cohort.jobs(stages, force=way.force)
    try:
        with (
            open_executor(way.jobs, way.scheduler) as executor,
            open_bar(len(jobs), "participants") as advance,
        ):
            return process_all(
                jobs, executor, stop_on_first_failure=way.stop_on_first_failure, told=advance
            )
    finally:  # a worker that was ended could not remove its own
        remove_dead_scratch(cohort.out, *(job.log_dir for job in jobs))


def _write_all(session: Session, gathered: Gathered, *, force: bool) -> None:
    volumes, statistics, moved = _write_tables(gathered, force=force)
    cohort = gathered.cohort
    with written_together(cohort, PAGES, force=force) as aside:
        into = replace(gathered, cohort=aside)
        plots = write_figures(into, volumes, statistics, cohort.out)
        write_report(into, volumes, statistics, plots, moved)
    _print_tables(session, volumes, statistics)
    session.print(f"Report: {cohort.out / 'report.html'}")


def _write_tables(
    gathered: Gathered, *, force: bool
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write all tables; gives volumes, statistics, and those with the border moved."""
    before = asked_for_before(gathered.cohort, force=force)
    with written_together(gathered.cohort, TABLES, force=force) as aside:
        into = replace(gathered, cohort=aside)
        volumes = write_volumes(into)
        muscles = write_muscles(into, volumes)
        statistics = write_statistics(aside, volumes, muscles)
        moved = write_border(into, volumes)
        write_printed(aside, volumes, statistics, moved, before)
    return volumes, statistics, moved


def _counting(cohort: Cohort, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Leave out those that review has excluded: their failure is no news."""
    return [outcome for outcome in outcomes if outcome.participant.label not in cohort.excluded]


def _print_tables(session: Session, volumes: pd.DataFrame, statistics: pd.DataFrame) -> None:
    frames = [(volumes, VOLUMES_SHOWN)]
    if statistics[["n_a", "n_b"]].to_numpy().any():
        shown = statistics[statistics["outcome"].isin(OUTCOME_KEYS)]
        frames.append((shown, STATISTICS_SHOWN))
    for frame, columns in frames:
        session.print(show(frame[columns]) + "\n")


def show(frame: pd.DataFrame) -> str:
    """Lay out a table for a terminal."""
    return frame.astype(object).map(_cell).to_string(index=False)


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 NaN alone differs from itself
        return "n/a"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
