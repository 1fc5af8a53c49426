"""The results of all participants, read from OUT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.errors import PipelineError
from pipeline.run.cohort import Cohort
from pipeline.run.job import LocatedJob
from pipeline.run.outcome import OK, Outcome
from pipeline.run.outputs import BORDER, PICTURES, PREPROC, VOLUMES
from pipeline.run.plan import MEASURING
from pipeline.run.stage_cache import hash_of, read_record
from pipeline.run.status import get_status
from pipeline.store.files import sha256_of
from pipeline.store.provenance import code_version, library_versions
from pipeline.store.tables import read_measurements, read_table

EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class ParticipantResult:
    """The outcome and the measurements of one participant.

    Parameters
    ----------
    scan_sha256
        None if no scan was found.
    table
        None if nothing was measured with these settings.
    sweep
        Volumes for other positions of the border.
    files
        The preprocessed scan and the pictures that exist, by output.
    """

    outcome: Outcome
    scan_sha256: str | None
    table: MeasurementTable | None
    sweep: pd.DataFrame | None
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def participant(self) -> Participant:
        """The participant."""
        return self.outcome.participant

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Cautions about the measurements of this participant."""
        return self.table.cautions if self.table else ()


@dataclass(frozen=True, slots=True)
class CohortResults:
    """The results of all participants, and the identifier of this run."""

    cohort: Cohort
    entries: tuple[ParticipantResult, ...]
    run_id: str


def collect_results(cohort: Cohort, outcomes: Sequence[Outcome] = ()) -> CohortResults:
    """Read the results of all participants.

    Parameters
    ----------
    outcomes
        Of the participants that were just processed; those of the others are determined
        from the files on disk.
    """
    known = {outcome.participant.label: outcome for outcome in outcomes}
    entries = tuple(_result(cohort, who, known.get(who.label)) for who in cohort.participants)
    provenance = {
        "code": code_version(),
        "libraries": library_versions(cohort.config.segment.segmenter),
        "settings": cohort.config.model_dump(mode="json"),
        "scans": {entry.participant.label: entry.scan_sha256 for entry in entries},
    }
    return CohortResults(cohort, entries, hash_of(provenance)[:12])


def _result(
    cohort: Cohort, participant: Participant, outcome: Outcome | None
) -> ParticipantResult:
    job = cohort.job(participant, MEASURING)
    outcome = outcome or get_status(job)
    try:
        located = job.locate()
        scan_sha256 = _sha256_of_scan(located, outcome)
    except (PipelineError, OSError):
        located, scan_sha256 = None, None
    outcome = _with_exclusion(outcome, cohort.excluded.get(participant.label))
    if located is None or outcome.status not in {OK, EXCLUDED} or outcome.code:
        return ParticipantResult(outcome, scan_sha256, None, None)
    volumes, border = (located.path(name) for name in (VOLUMES, BORDER))
    paths = {name: located.path(name) for name in (PREPROC, *PICTURES)}
    return ParticipantResult(
        outcome,
        scan_sha256,
        read_measurements(volumes) if volumes.exists() else None,
        read_table(border).astype(float) if border.exists() else None,
        {name: path for name, path in paths.items() if path.exists()},
    )


def _sha256_of_scan(located: LocatedJob, outcome: Outcome) -> str:
    """Give the sha256 that was recorded when the scan was measured, else that of the file."""
    if outcome.status != OK:
        return sha256_of(located.raw)
    record = read_record(located.job.record_path(MEASURING[0]))
    return record.inputs[located.raw_uri(located.raw)] if record else sha256_of(located.raw)


def _with_exclusion(outcome: Outcome, reason: str | None) -> Outcome:
    """Mark participants that the review excluded; this replaces a failure of their own."""
    if reason is None:
        return outcome
    return replace(outcome, status=EXCLUDED, reason=reason)
