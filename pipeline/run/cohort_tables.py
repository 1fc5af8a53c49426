"""The tables and pages over all participants."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

import pipeline
from pipeline.config import to_toml
from pipeline.domain.cautions import Caution
from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import MISSING, Participant
from pipeline.errors import PipelineError
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import CSV, LATEX
from pipeline.run.job import OK, Located, Outcome
from pipeline.run.outputs import BORDER, OVERLAY, VOLUMES
from pipeline.run.plan import MEASURING
from pipeline.run.process_participant import look
from pipeline.run.stage_cache import hash_of, read_record
from pipeline.stages.compare import (
    STATISTICS_COLUMNS,
    VOLUME_COLUMNS,
    check_design,
    compare,
    statistics_table,
    volume_row,
)
from pipeline.stages.report import (
    ReportFacts,
    context_of,
    latex,
    markdown,
    participant_page,
    report,
)
from pipeline.store.files import sha256_of, written_whole
from pipeline.store.provenance import code_version, library_versions
from pipeline.store.tables import read_measurements, read_table, write_csv, write_table

EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Entry:
    """All that is known of one participant after the stages.

    Parameters
    ----------
    scan_sha256
        None where no scan was found.
    table
        None where nothing was measured with these settings.
    """

    outcome: Outcome
    scan_sha256: str | None
    table: MeasurementTable | None
    sweep: pd.DataFrame | None
    overlay_png: bytes | None

    @property
    def participant(self) -> Participant:
        """Who it is."""
        return self.outcome.participant

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Doubts about this participant's numbers."""
        return self.table.cautions if self.table else ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """All participants, and the identifier of this run."""

    cohort: Cohort
    entries: tuple[Entry, ...]
    run_id: str


def gather(cohort: Cohort, outcomes: Sequence[Outcome] = ()) -> Gathered:
    """Collect what is on disk of all participants.

    Parameters
    ----------
    outcomes
        Of those just worked on; how it stands with the others is told by what
        is on disk.
    """
    known = {outcome.participant.label: outcome for outcome in outcomes}
    entries = tuple(_entry(cohort, who, known.get(who.label)) for who in cohort.participants)
    facts = {
        "code": code_version(),
        "libraries": library_versions(cohort.config.segment.segmenter),
        "settings": cohort.config.model_dump(mode="json"),
        "scans": {entry.participant.label: entry.scan_sha256 for entry in entries},
    }
    return Gathered(cohort, entries, hash_of(facts)[:12])


def check_comparison(cohort: Cohort) -> None:
    """Refuse settings that the comparison would refuse, by what is known before measuring.

    Raises
    ------
    ConfigError
        If a column, reference, pair or covariate does not fit the participants.
    """
    config = cohort.config
    words = {
        "border": config.regions.border,
        "muscles": ";".join(config.measure.muscles),
        "segmenter": config.segment.segmenter,
    }
    rows = [
        volume_row(
            who,
            None,
            status=EXCLUDED if who.label in cohort.excluded else OK,
            reason=None,
            footvol_version=pipeline.__version__,
            run_id="",
            scan_sha256=None,
        )
        | words
        for who in cohort.participants
    ]
    volumes = pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))
    check_design(with_groups(cohort, volumes), config.compare)


def write_volumes(gathered: Gathered) -> pd.DataFrame:
    """Write ``volumes.tsv``, a row for every participant."""
    rows = [
        volume_row(
            entry.participant,
            entry.table,
            status=entry.outcome.status,
            reason=entry.outcome.reason,
            footvol_version=pipeline.__version__,
            run_id=gathered.run_id,
            scan_sha256=entry.scan_sha256,
        )
        for entry in gathered.entries
    ]
    volumes = pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))
    write_table(volumes, gathered.cohort.out / "volumes.tsv", VOLUME_COLUMNS)
    return volumes


def with_groups(cohort: Cohort, volumes: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that the comparison needs and only ``participants.tsv`` has."""
    params = cohort.config.compare
    named = [params.group_column, params.pair_column, params.repeat_column, *params.covariates]
    known = {name for participant in cohort.participants for name in participant.cells}
    further = [n for n in dict.fromkeys(named) if n in known and n not in volumes]
    rows = {
        participant.participant_id: [
            None if (cell := participant.cells[name]) == MISSING else cell for name in further
        ]
        for participant in cohort.participants
    }
    raw = pd.DataFrame.from_dict(rows, orient="index", columns=further, dtype=object)
    return volumes.join(raw, on="participant_id")


def write_statistics(
    cohort: Cohort, volumes: pd.DataFrame, muscles: pd.DataFrame | None = None
) -> tuple[Comparison, ...]:
    """Compare the groups and write ``statistics.tsv``.

    Parameters
    ----------
    muscles
        Has ``<muscle>_total_cm3`` where muscles are compared, too.
    """
    table = with_groups(cohort, volumes)
    if muscles is not None:
        single = muscles.set_index("participant_id").filter(regex="_total_cm3$")
        table = table.join(single, on="participant_id")
    statistics = compare(table, cohort.config.compare)
    write_table(statistics_table(statistics), cohort.out / "statistics.tsv", STATISTICS_COLUMNS)
    return statistics


def write_printed(
    cohort: Cohort,
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    moved: Sequence[BorderComparison] = (),
    before: Collection[str] = (),
) -> None:
    """Write ``statistics.md``, and ``statistics.tex`` and ``statistics.csv`` if asked for.

    Parameters
    ----------
    moved
        Rows of ``border_statistics.tsv``.
    before
        Names of those that were asked for before; they are kept in step with the numbers.
    """
    words = markdown(statistics, context_of(volumes, statistics, moved))
    _write_text(words, cohort.out / "statistics.md")
    if cohort.config.compare.latex or LATEX in before:
        _write_text(latex(statistics), cohort.out / LATEX)
    if cohort.config.compare.csv or CSV in before:
        write_csv(statistics_table(statistics), cohort.out / CSV)


def write_report(
    gathered: Gathered,
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    plots: Mapping[str, bytes],
    moved: Sequence[BorderComparison] = (),
) -> None:
    """Write a page for each participant and one for the study."""
    out, entries = gathered.cohort.out, gathered.entries
    rows = volumes.to_dict("records")
    for entry, row in zip(entries, rows, strict=True):
        cells = {str(name): value for name, value in row.items()}
        page = participant_page(
            cells, entry.table, entry.cautions, entry.overlay_png, _provenance(gathered, entry)
        )
        _write_text(page, out / f"{entry.participant.participant_id}.html")
    facts = ReportFacts(pipeline.__version__, gathered.run_id, to_toml(gathered.cohort.config))
    pictures = {e.participant.participant_id: e.overlay_png for e in entries}
    page = report(
        volumes,
        statistics,
        {name: png for name, png in pictures.items() if png is not None},
        {entry.participant.participant_id: entry.cautions for entry in entries},
        facts,
        plots,
        moved,
    )
    _write_text(page, out / "report.html")


def _entry(cohort: Cohort, participant: Participant, outcome: Outcome | None) -> Entry:
    job = cohort.job(participant, MEASURING)
    outcome = outcome or look(job)
    try:
        located = job.locate()
        scan_sha256 = _sha256_of_scan(located, outcome)
    except (PipelineError, OSError):
        located, scan_sha256 = None, None
    outcome = _marked(outcome, cohort.excluded.get(participant.label))
    if located is None or outcome.status not in {OK, EXCLUDED} or outcome.code:
        return Entry(outcome, scan_sha256, None, None, None)
    return Entry(outcome, scan_sha256, *_measured(located))


def _sha256_of_scan(located: Located, outcome: Outcome) -> str:
    """Give the sum of the scan as recorded when it was measured; of others as they are now."""
    if outcome.status != OK:
        return sha256_of(located.raw)
    record = read_record(located.job.record_path(MEASURING[0]))
    return record.inputs[located.raw_uri(located.raw)] if record else sha256_of(located.raw)


def _marked(outcome: Outcome, excluded: str | None) -> Outcome:
    """Mark those left out by review; their own failure is then no news."""
    if excluded is None:
        return outcome
    return replace(outcome, status=EXCLUDED, reason=excluded)


def _measured(
    located: Located,
) -> tuple[MeasurementTable | None, pd.DataFrame | None, bytes | None]:
    volumes, border, overlay = (located.path(a) for a in (VOLUMES, BORDER, OVERLAY))
    return (
        read_measurements(volumes) if volumes.exists() else None,
        read_table(border).astype(float) if border.exists() else None,
        overlay.read_bytes() if overlay.exists() else None,
    )


def _provenance(gathered: Gathered, entry: Entry) -> Mapping[str, str]:
    return {
        "footvol_version": pipeline.__version__,
        "run_id": gathered.run_id,
        "scan_sha256": entry.scan_sha256 or "n/a",
    }


def _write_text(text: str, path: Path) -> None:
    with written_whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
