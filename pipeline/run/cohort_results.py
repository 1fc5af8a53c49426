"""The results of all participants, read from OUT."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_state import CohortState, ParticipantState
from pipeline.run.outcome import Outcome
from pipeline.run.outputs import BORDER, VOLUMES
from pipeline.run.stage_cache import hash_of
from pipeline.store.provenance import code_version, library_versions
from pipeline.store.tables import read_measurements, read_table


@dataclass(frozen=True, slots=True)
class ParticipantResult:
    """The outcome and the measurements of one scan.

    Parameters
    ----------
    scan_sha256
        None if no scan was found.
    table
        None if nothing was measured with these settings.
    sweep
        Volumes for other positions of the border.
    files
        The preprocessed scan, the tables and the pictures that exist, by output.
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
    """The results of all participants, and the identifier of this run.

    Parameters
    ----------
    cohort
        With the OUT to write to.
    state
        What the results were read from.
    """

    cohort: Cohort
    state: CohortState
    entries: tuple[ParticipantResult, ...]
    run_id: str


def read_results(state: CohortState) -> CohortResults:
    """Read the measurements of all participants."""
    cohort = state.cohort
    provenance = {
        "code": code_version(),
        "libraries": library_versions(cohort.config.segment.segmenter),
        "settings": cohort.config.model_dump(mode="json", exclude={"run"}),
        "scans": {
            entry.outcome.participant.key.name: entry.scan_sha256 for entry in state.entries
        },
    }
    entries = tuple(_result(cohort.out, entry) for entry in state.entries)
    return CohortResults(cohort, state, entries, hash_of(provenance)[:12])


def _result(out: Path, state: ParticipantState) -> ParticipantResult:
    files = {name: out / file for name, file in state.files.items()}
    volumes, border = (files.get(name) for name in (VOLUMES, BORDER))
    return ParticipantResult(
        state.outcome,
        state.scan_sha256,
        read_measurements(volumes) if volumes else None,
        read_table(border).astype(float) if border else None,
        files,
    )
