"""The plots and pages over all participants."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pipeline
from pipeline.config import to_toml
from pipeline.domain.cautions import Caution
from pipeline.run.cohort_outputs import PAGES, written_together
from pipeline.run.cohort_results import CohortResults, ParticipantResult
from pipeline.run.cohort_tables import CohortTables
from pipeline.run.figures import write_figures
from pipeline.run.outputs import PICTURES, PREPROC, THUMBNAIL
from pipeline.stages.compare.volume_row import body_mass_missing
from pipeline.stages.report.foot_page import participant_page
from pipeline.stages.report.methods_text import ReportFacts
from pipeline.stages.report.study_page import Study, report
from pipeline.store.files import read_json
from pipeline.store.names import sidecar_of
from pipeline.store.provenance import library_versions

_ACQUISITION = (
    *("Contrast", "MagneticFieldStrength", "RepetitionTime", "EchoTime", "FlipAngle"),
    *("SliceThickness", "SpacingBetweenSlices"),
)


def write_pages(results: CohortResults, tables: CohortTables, *, force: bool = False) -> None:
    """Write the plots, and the pages that show them.

    Raises
    ------
    ArtefactError
        As `written_together`.
    """
    parts = results.state.key_parts(PAGES)
    with written_together(results.cohort, PAGES, parts, force=force) as scratch:
        into = replace(results, cohort=scratch)
        plots = write_figures(into, tables.volumes, tables.statistics, tables.border_statistics)
        write_report(into, tables, plots)


def write_report(
    results: CohortResults, tables: CohortTables, plots: Mapping[str, bytes]
) -> None:
    """Write a page for each scan and one for the whole study."""
    out, entries = results.cohort.out, results.entries
    rows = tables.volumes.to_dict("records")
    for entry, row in zip(entries, rows, strict=True):
        cells = {str(name): value for name, value in row.items()}
        path = out / f"{entry.participant.key.name}.html"
        path.write_text(_participant_page(results, entry, cells), encoding="utf-8")
    study = Study(
        tables.volumes,
        tables.statistics,
        results.cohort.config.compare.main_quantity,
        {
            entry.participant.key.name: entry.files[THUMBNAIL].read_bytes()
            for entry in entries
            if THUMBNAIL in entry.files
        },
        {entry.participant.key.name: _cautions(entry) for entry in entries},
        plots,
        tables.border_statistics,
    )
    (out / "report.html").write_text(report(study, _facts(results)), encoding="utf-8")


def _participant_page(
    results: CohortResults, entry: ParticipantResult, row: Mapping[str, object]
) -> str:
    files = entry.files
    sidecar = sidecar_of(files[PREPROC]) if PREPROC in files else None
    fields = read_json(sidecar) if sidecar and sidecar.exists() else {}
    return participant_page(
        row,
        entry.table,
        _cautions(entry),
        {name: files[name].read_bytes() for name in PICTURES if name in files},
        _provenance(results, entry, fields),
        fields.get("Quality", ()),
    )


def _cautions(entry: ParticipantResult) -> tuple[Caution, ...]:
    """Give the cautions of a row of ``volumes.tsv``, which also concern the participant."""
    is_known = entry.participant.body_mass_kg is not None
    return entry.cautions if is_known else (*entry.cautions, body_mass_missing())


def _facts(results: CohortResults) -> ReportFacts:
    config = results.cohort.config
    return ReportFacts(
        pipeline.__version__,
        results.run_id,
        to_toml(config),
        config.model_dump(mode="json"),
        library_versions(config.segment.segmenter),
    )


def _provenance(
    results: CohortResults, entry: ParticipantResult, fields: Mapping[str, Any]
) -> Mapping[str, str]:
    """Give what the numbers of a participant were made from."""
    scans = [str(uri) for uri in fields.get("Sources", ())]
    libraries = library_versions(results.cohort.config.segment.segmenter)
    return {
        "scan": ", ".join(scans) or "n/a",
        "sha256 of the scan": entry.scan_sha256 or "n/a",
        **{name: str(fields[name]) for name in _ACQUISITION if name in fields},
        "footvol": pipeline.__version__,
        "run": results.run_id,
        "libraries": ", ".join(f"{name} {version}" for name, version in libraries.items()),
        "settings": "config.toml",
    }
