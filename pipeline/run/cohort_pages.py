"""The plots and pages over all participants."""

from collections.abc import Mapping
from dataclasses import replace

import pipeline
from pipeline.config import to_toml
from pipeline.run.cohort_outputs import PAGES, written_together
from pipeline.run.cohort_results import CohortResults, ParticipantResult
from pipeline.run.cohort_tables import CohortTables
from pipeline.run.figures import write_figures
from pipeline.stages.report import ReportFacts, participant_page, report


def write_pages(results: CohortResults, tables: CohortTables, *, force: bool = False) -> None:
    """Write the plots, and the pages that show them.

    Raises
    ------
    ArtefactError
        As `written_together`.
    """
    out = results.cohort.out
    with written_together(results.cohort, PAGES, force=force) as scratch:
        into = replace(results, cohort=scratch)
        plots = write_figures(
            into, tables.volumes, tables.statistics, tables.border_statistics, out
        )
        write_report(into, tables, plots)


def write_report(
    results: CohortResults, tables: CohortTables, plots: Mapping[str, bytes]
) -> None:
    """Write a page for each participant and one for the whole study."""
    out, entries = results.cohort.out, results.entries
    rows = tables.volumes.to_dict("records")
    for entry, row in zip(entries, rows, strict=True):
        cells = {str(name): value for name, value in row.items()}
        page = participant_page(
            cells, entry.table, entry.cautions, entry.overlay_png, _provenance(results, entry)
        )
        path = out / f"{entry.participant.participant_id}.html"
        path.write_text(page, encoding="utf-8")
    facts = ReportFacts(pipeline.__version__, results.run_id, to_toml(results.cohort.config))
    pictures = {e.participant.participant_id: e.overlay_png for e in entries}
    page = report(
        tables.volumes,
        tables.statistics,
        {name: png for name, png in pictures.items() if png is not None},
        {entry.participant.participant_id: entry.cautions for entry in entries},
        facts,
        plots,
        tables.border_statistics,
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def _provenance(results: CohortResults, entry: ParticipantResult) -> Mapping[str, str]:
    return {
        "footvol_version": pipeline.__version__,
        "run_id": results.run_id,
        "scan_sha256": entry.scan_sha256 or "n/a",
    }
