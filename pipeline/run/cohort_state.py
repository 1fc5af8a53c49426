"""What tables and pages over all participants depend on, and whether they are up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pipeline
from pipeline.domain.participant import Participant
from pipeline.errors import PipelineError
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import PAGES, TABLES, record_path
from pipeline.run.dependencies import code_hash, versions_of
from pipeline.run.job import LocatedJob
from pipeline.run.outcome import OK, Outcome
from pipeline.run.outputs import BORDER, PICTURES, PREPROC, VOLUMES
from pipeline.run.plan import MEASURING
from pipeline.run.stage_cache import hash_of, is_current, read_record
from pipeline.run.status import get_status
from pipeline.store.files import sha256_of
from pipeline.store.provenance import library_versions

EXCLUDED = "excluded"
COMPARISON = "comparison"
# Stages whose outputs are read over all participants.
_READ = ("preprocess", "measure", "figures")
_MODULES = {
    COMPARISON: "pipeline.run.comparison_input",
    TABLES: "pipeline.run.cohort_tables",
    PAGES: "pipeline.run.cohort_pages",
}


@dataclass(frozen=True, slots=True)
class ParticipantState:
    """The outcome of one scan, and the outputs to read.

    Parameters
    ----------
    scan_sha256
        None if no scan was found.
    files
        Outputs that exist, by name, as paths below OUT; empty unless all measuring stages
        are done.
    outputs_hash
        Hash of the recorded sha256 of all outputs.
    """

    outcome: Outcome
    scan_sha256: str | None
    files: Mapping[str, str] = field(default_factory=dict)
    outputs_hash: str | None = None


@dataclass(frozen=True, slots=True)
class CohortState:
    """The states of all scans, in the order of the cohort."""

    cohort: Cohort
    entries: tuple[ParticipantState, ...]

    def key_parts(self, part: str) -> dict[str, str]:
        """Give the hash of each part of the cache key of `TABLES` or `PAGES`."""
        participants = [
            {
                "outcome": [entry.outcome.status, entry.outcome.reason, entry.outcome.code],
                "scan": entry.scan_sha256,
                "files": sorted(entry.files),
                "outputs": entry.outputs_hash,
            }
            for entry in self.entries
        ]
        return {
            COMPARISON: comparison_hash(self.cohort),
            "participants": hash_of({"participants": participants}),
            **_made_by(self.cohort, part),
        }

    def is_written(self, part: str) -> bool:
        """Whether the files of a part exist and nothing that they depend on has changed.

        `check_out` has refused files that were edited.
        """
        record = read_record(record_path(self.cohort, part))
        return is_current(record, hash_of(self.key_parts(part)), self.cohort.out)


def comparison_hash(cohort: Cohort) -> str:
    """Give the hash of all that decides whether the groups can be compared."""
    rows = [
        [who.key.name, who.group, who.body_mass_kg, who.side, dict(who.cells)]
        for who in cohort.participants
    ]
    return hash_of(
        {
            "rows": rows,
            "excluded": {key.name: reason for key, reason in cohort.excluded.items()},
            "settings": cohort.config.model_dump(mode="json"),
            **_made_by(cohort, COMPARISON),
        }
    )


def is_comparison_checked(cohort: Cohort) -> bool:
    """Whether tables were written of the same participants with the same settings."""
    record = read_record(record_path(cohort, TABLES), force=True)
    return record is not None and record.parts.get(COMPARISON) == comparison_hash(cohort)


def collect_state(cohort: Cohort, outcomes: Sequence[Outcome] = ()) -> CohortState:
    """Determine the state of all participants from their records; no table is read.

    Parameters
    ----------
    outcomes
        Of the participants that were just processed; those of the others are determined
        from the files on disk.
    """
    known = {outcome.participant.key: outcome for outcome in outcomes}
    return CohortState(
        cohort, tuple(_state(cohort, who, known.get(who.key)) for who in cohort.participants)
    )


def _state(
    cohort: Cohort, participant: Participant, outcome: Outcome | None
) -> ParticipantState:
    job = cohort.job(participant, MEASURING)
    outcome = outcome or get_status(job)
    try:
        located = job.locate()
        scan_sha256 = _sha256_of_scan(located, outcome)
    except (PipelineError, OSError):
        located, scan_sha256 = None, None
    outcome = _with_exclusion(outcome, cohort.excluded.get(participant.key))
    if located is None or outcome.status not in {OK, EXCLUDED} or outcome.code:
        return ParticipantState(outcome, scan_sha256)
    files = {name: located.relative(name) for name in (VOLUMES, BORDER, PREPROC, *PICTURES)}
    records = (job.record(stage) for stage in _READ)
    return ParticipantState(
        outcome,
        scan_sha256,
        {name: file for name, file in files.items() if (cohort.out / file).exists()},
        hash_of({"outputs": [dict(record.outputs) for record in records if record]}),
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


def _made_by(cohort: Cohort, part: str) -> dict[str, str]:
    """Give the hashes of code and libraries of a part, and the version of footvol."""
    segmenter = cohort.config.segment.segmenter
    versions = {**library_versions(segmenter), **versions_of(_MODULES[part], segmenter)}
    return {
        "code": code_hash(_MODULES[part]),
        "libraries": hash_of({"libraries": versions, "footvol": pipeline.__version__}),
    }
