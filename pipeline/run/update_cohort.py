"""Writes the tables and pages over all participants that are not up to date."""

import logging
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from threading import Thread

from pipeline.domain.dependent_scans import why_not_compared
from pipeline.errors import ConfigError
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import PAGES, TABLES
from pipeline.run.cohort_state import collect_state, is_comparison_checked
from pipeline.run.outcome import Outcome

log = logging.getLogger(__name__)


@cache
def import_writers() -> None:
    """Import what writing needs while worker processes are busy, so that none waits for it."""
    Thread(target=import_module, args=("pipeline.run.write_cohort",), daemon=True).start()


def check_comparison(cohort: Cohort) -> None:
    """Refuse settings that do not fit the participants, before anything is measured.

    Nothing is checked again if the tables in OUT are of the same participants and settings.

    Raises
    ------
    ConfigError
        As `check_columns`.
    """
    if not is_comparison_checked(cohort):
        from pipeline.run.comparison_input import check_columns  # noqa: PLC0415 as below

        check_columns(cohort)


def update_cohort(
    cohort: Cohort,
    outcomes: Sequence[Outcome] = (),
    *,
    has_pages: bool = True,
    must_compare: bool = False,
    force: bool = False,
) -> list[Outcome]:
    """Write tables and pages, unless nothing that they depend on has changed.

    Parameters
    ----------
    outcomes
        Of the participants that were just processed; those of the others are determined
        from the files on disk.
    has_pages
        Whether pages are written, too.
    must_compare
        Whether to refuse scans that cannot be compared, before anything is written.
    force
        Write in any case, and overwrite files that were edited.

    Returns
    -------
    list of Outcome
        Of all scans.

    Raises
    ------
    ConfigError
        If `must_compare` is set, and several scans of one participant were measured.
    ArtefactError
        If there is a file that footvol did not write or that was edited, unless `force` is set.
    """
    state = collect_state(cohort, outcomes)
    refused = must_compare and why_not_compared(
        {"participant_id": out.participant.participant_id, "status": out.status}
        for out in (entry.outcome for entry in state.entries)
    )
    if refused:
        raise ConfigError(refused)
    parts = (TABLES, PAGES) if has_pages else (TABLES,)
    if not force and all(state.is_written(part) for part in parts):
        log.info("%s: up to date", " and ".join(parts))
    else:
        from pipeline.run.write_cohort import write_cohort  # noqa: PLC0415 it takes seconds

        write_cohort(state, has_pages=has_pages, force=force)
    return [entry.outcome for entry in state.entries]
