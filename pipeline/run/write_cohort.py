"""Writes tables and pages over all participants; imports what that needs."""

from pipeline.run.cohort_pages import write_pages
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import CohortState
from pipeline.run.cohort_tables import write_tables


def write_cohort(state: CohortState, *, has_pages: bool, force: bool = False) -> None:
    """Write the tables, and the pages if they are wanted, from what the participants wrote.

    Raises
    ------
    ArtefactError
        If there is a file that footvol did not write or that was edited, unless `force` is set.
    """
    results = read_results(state)
    tables = write_tables(results, force=force)
    if has_pages:
        write_pages(results, tables, force=force)
