"""The commands over participants; imported only when one of them runs."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.cli.options import Session
from pipeline.cli.progress import open_bar
from pipeline.cli.text_tables import format_statistics, format_volumes, why_no_statistics
from pipeline.errors import ConfigError
from pipeline.run.choose_scans import NOT_CHOSEN, Choice
from pipeline.run.cohort import Cohort, open_cohort, open_scan
from pipeline.run.cohort_outputs import check_out
from pipeline.run.events import event, events_written
from pipeline.run.locked_out import out_locked, out_prepared
from pipeline.run.outcome import OK, Outcome, exit_code
from pipeline.run.run_jobs import run_jobs
from pipeline.run.shards import Shard, open_shard, remove_plan, write_plan
from pipeline.run.stage_cache import FAILED
from pipeline.run.status import get_status
from pipeline.run.update_cohort import check_comparison, import_writers, update_cohort

log = logging.getLogger(__name__)
__all__ = [
    "RunOptions",
    "all_labels",
    "choose",
    "compare_groups",
    "open_cohort",
    "open_scan",
    "plan_shards",
    "print_pending",
    "report_cohort",
    "run_all",
    "run_participants",
    "run_shard",
    "run_stage",
    "without_others",
]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of the commands that process participants.

    Parameters
    ----------
    events
        File to append events to.
    is_shared
        Whether other commands may work on other participants of OUT meanwhile.
    """

    jobs: int = 1
    scheduler: str | None = None
    force: bool = False
    stop_on_first_failure: bool = False
    events: Path | None = None
    is_shared: bool = False


def all_labels(named: Sequence[str] | None, more: Sequence[str] | None) -> tuple[str, ...]:
    """Join ``--participant-label 01`` and the bare labels after it, as in BIDS apps.

    Raises
    ------
    ConfigError
        If there are bare labels without the option.
    """
    if more and not named:
        msg = (
            f"A command takes two folders: got {list(more)!r} beyond them. "
            "Name participants with --participant-label."
        )
        raise ConfigError(msg)
    return (*(named or ()), *(more or ()))


def choose(sessions: Sequence[str] | None, runs: Sequence[str] | None) -> Choice | None:
    """Make the choice of ``--session-label`` and ``--run``; None where neither is given."""
    if not (sessions or runs):
        return None
    return Choice({"session": tuple(sessions or ()), "run": tuple(runs or ())})


def run_all(
    session: Session, cohort: Cohort, options: RunOptions, *, is_single_scan: bool = False
) -> int:
    """Run all stages, write tables and report, and print the tables."""
    check_comparison(cohort)
    with out_prepared(cohort, force=options.force), events_written(options.events):
        outcomes = _process(cohort, (), options, has_tables=True)
        _write_all(session, cohort, outcomes, force=options.force)
        code = exit_code(_not_excluded(cohort, outcomes), is_single_stage=is_single_scan)
        return _finished(outcomes, code)


def run_stage(session: Session, cohort: Cohort, stage: str, options: RunOptions) -> int:
    """Run one stage and print for how many participants it is done."""
    with (
        out_prepared(cohort, force=options.force, is_shared=options.is_shared),
        events_written(options.events),
    ):
        outcomes = _process(cohort, (stage,), options)
        code = _finished(outcomes, exit_code(outcomes, is_single_stage=True))
    done = sum(outcome.status == OK for outcome in outcomes)
    session.print(f"{stage}: {done} of {len(outcomes)} participants, in {cohort.out}")
    return code


def plan_shards(session: Session, cohort: Cohort) -> int:
    """Fix the participants and settings of all shards anew, while none is running."""
    check_out(cohort)
    with out_locked(cohort.out):
        remove_plan(cohort.out)
        planned = write_plan(cohort)
    session.print(f"Planned: {len(planned.participants)} participants, in {cohort.out}")
    return 0


def run_shard(
    session: Session,
    bids_dir: Path,
    out: Path,
    words: str,
    options: RunOptions,
    others: Sequence[str],
) -> int:
    """Run all stages of one part of the participants; write no tables and no pages.

    Parameters
    ----------
    words
        The shard, ``K/N``.
    others
        Options given that do not go with a shard.

    Raises
    ------
    ConfigError
        If there are any, or the shard or its settings do not fit.
    """
    shard = Shard.parse(words)
    if others:
        msg = (
            f"A shard must consist of planned participants: got --shard with {list(others)!r}. "
            "Leave one out."
        )
        raise ConfigError(msg)
    cohort = open_shard(bids_dir, out, session.config(), shard)
    options = replace(options, is_shared=True)
    return run_participants(session, cohort, options, f"Shard {shard}")


def run_participants(
    session: Session, cohort: Cohort, options: RunOptions, what: str = "All stages"
) -> int:
    """Run all stages of the chosen scans, and print for how many they are done.

    No tables and no pages are written.
    """
    with (
        out_prepared(cohort, force=options.force, is_shared=options.is_shared),
        events_written(options.events),
    ):
        outcomes = _process(cohort, (), options)
        code = _finished(outcomes, exit_code(outcomes))
    done = sum(outcome.status == OK for outcome in outcomes)
    session.print(f"{what}: {done} of {len(outcomes)} participants, in {cohort.out}")
    return code


def without_others(cohort: Cohort) -> Cohort:
    """Leave the participants that were not chosen out of the comparison."""
    reason = f"{NOT_CHOSEN} by --participant-label"
    others = {who.key: reason for who in cohort.participants if who.key not in cohort.chosen}
    return replace(cohort, excluded=others | dict(cohort.excluded))


def compare_groups(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Write the tables from the measurements in OUT, and print them."""
    check_comparison(cohort)
    with out_prepared(cohort, force=force):
        outcomes = update_cohort(cohort, has_pages=False, must_compare=True, force=force)
        _print_tables(session, cohort.out)
    return exit_code(_not_excluded(cohort, outcomes))


def report_cohort(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Draw missing figures, then write tables and pages."""
    check_comparison(cohort)
    with out_prepared(cohort, force=force):
        outcomes = _process(cohort, ("figures",), RunOptions(force=force))
        # up-to-date figures do not imply up-to-date measurements; the records decide that
        failed = [outcome for outcome in outcomes if outcome.status != OK]
        _write_all(session, cohort, failed, force=force)
    return exit_code(_not_excluded(cohort, outcomes), is_single_stage=True)


def print_pending(session: Session, cohort: Cohort, *, force: bool) -> int:
    """Print what a run would do or refuse; returns the exit code of what it would refuse."""
    check_comparison(cohort)
    check_out(cohort, force=force)
    refused = []
    for outcome in (get_status(job) for job in cohort.jobs(force=force)):
        todo = f"would do {', '.join(outcome.stages) or 'nothing, all is up to date'}"
        if outcome.status == FAILED and not outcome.stages:
            todo = f"would be refused: {outcome.reason}"
            refused.append(outcome)
        session.print(f"{outcome.participant.key.name}: {todo}")
    return exit_code(_not_excluded(cohort, refused))


def _process(
    cohort: Cohort, stages: Sequence[str], options: RunOptions, *, has_tables: bool = False
) -> list[Outcome]:
    jobs = cohort.jobs(stages, force=options.force)
    log.debug("run starts", extra=event("run started", participants=len(jobs)))
    with open_bar(len(jobs), "participants") as advance:

        def on_outcome(outcome: Outcome) -> None:
            advance(outcome)
            if has_tables and outcome.stages:
                import_writers()

        return run_jobs(
            cohort,
            jobs,
            processes=options.jobs,
            scheduler=options.scheduler,
            stop_on_first_failure=options.stop_on_first_failure,
            on_outcome=on_outcome,
        )


def _finished(outcomes: Sequence[Outcome], code: int) -> int:
    """Log that a run has ended; gives its exit code."""
    counts = dict(Counter(outcome.status for outcome in outcomes))
    log.debug("run ends", extra=event("run finished", counts=counts, code=code))
    return code


def _write_all(
    session: Session, cohort: Cohort, outcomes: Sequence[Outcome], *, force: bool
) -> None:
    update_cohort(cohort, outcomes, force=force)
    _print_tables(session, cohort.out)
    session.print(f"Report: {cohort.out / 'report.html'}")


def _not_excluded(cohort: Cohort, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Leave out participants that the review excluded, as their failures are known."""
    return [outcome for outcome in outcomes if outcome.participant.key not in cohort.excluded]


def _print_tables(session: Session, out: Path) -> None:
    for text in (format_volumes(out), format_statistics(out), why_no_statistics(out)):
        if text:
            session.print(text + "\n")
