"""The tables over all participants."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd

import pipeline
from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.dependent_scans import why_not_compared
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import CSV, LATEX, TABLES, find_optional, written_together
from pipeline.run.cohort_results import CohortResults
from pipeline.run.comparison_input import add_participant_columns
from pipeline.run.muscle_tables import write_border, write_muscles
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS, statistics_table
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS, volume_row
from pipeline.stages.report.statistics_text import context_of, latex, markdown
from pipeline.store.tables import write_csv, write_table


@dataclass(frozen=True, slots=True)
class CohortTables:
    """The tables that are printed and shown in the report.

    Parameters
    ----------
    border_statistics
        The comparison for other positions of the border.
    """

    volumes: pd.DataFrame
    statistics: tuple[Comparison, ...]
    border_statistics: tuple[BorderComparison, ...]


def write_tables(results: CohortResults, *, force: bool = False) -> CohortTables:
    """Compare the groups and write all tables over all participants.

    Raises
    ------
    ArtefactError
        As `written_together`.
    """
    kept = find_optional(results.cohort, force=force)
    parts = results.state.key_parts(TABLES)
    with written_together(results.cohort, TABLES, parts, force=force) as scratch:
        into = replace(results, cohort=scratch)
        volumes = write_volumes(into)
        muscles = write_muscles(into, volumes)
        statistics = write_statistics(scratch, volumes, muscles)
        border_statistics = write_border(into, volumes)
        write_printed(scratch, volumes, statistics, border_statistics, kept)
    return CohortTables(volumes, statistics, border_statistics)


def write_volumes(results: CohortResults) -> pd.DataFrame:
    """Write ``volumes.tsv``, one row per scan."""
    rows = [
        volume_row(
            entry.participant,
            entry.table,
            status=entry.outcome.status,
            reason=entry.outcome.reason,
            footvol_version=pipeline.__version__,
            run_id=results.run_id,
            scan_sha256=entry.scan_sha256,
        )
        for entry in results.entries
    ]
    volumes = pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))
    write_table(volumes, results.cohort.out / "volumes.tsv", VOLUME_COLUMNS)
    return volumes


def write_statistics(
    cohort: Cohort, volumes: pd.DataFrame, muscles: pd.DataFrame | None = None
) -> tuple[Comparison, ...]:
    """Compare the groups and write ``statistics.tsv``.

    Nothing is compared if several scans of one participant were measured.

    Parameters
    ----------
    muscles
        Columns ``<muscle>_total_cm3``, if single muscles are compared, too; as many rows.
    """
    table = add_participant_columns(cohort, volumes)
    if muscles is not None:
        table = table.join(muscles.filter(regex="_total_cm3$"))
    is_refused = why_not_compared(volumes.to_dict("records"))
    statistics = () if is_refused else compare(table, cohort.config.compare)
    write_table(statistics_table(statistics), cohort.out / "statistics.tsv", STATISTICS_COLUMNS)
    return statistics


def write_printed(
    cohort: Cohort,
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    border_statistics: Sequence[BorderComparison] = (),
    kept: Collection[str] = (),
) -> None:
    """Write ``statistics.md``, and ``statistics.tex`` and ``statistics.csv`` if requested.

    Parameters
    ----------
    border_statistics
        Rows of ``border_statistics.tsv``.
    kept
        Names of the optional tables that an earlier run wrote; they are updated, too.
    """
    main = cohort.config.compare.main_quantity
    context = context_of(volumes, statistics, main, border_statistics)
    text = markdown(statistics, context)
    (cohort.out / "statistics.md").write_text(text, encoding="utf-8")
    if statistics and (cohort.config.compare.latex or LATEX in kept):
        (cohort.out / LATEX).write_text(latex(statistics), encoding="utf-8")
    if cohort.config.compare.csv or CSV in kept:
        write_csv(statistics_table(statistics), cohort.out / CSV)
