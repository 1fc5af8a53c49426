"""The tables of single muscles and of other positions of the border."""

from collections.abc import Iterable, Mapping

import pandas as pd

from pipeline.domain.comparison import BorderComparison
from pipeline.domain.dependent_scans import one_of_each, why_not_compared
from pipeline.run.cohort_results import CohortResults, ParticipantResult
from pipeline.run.comparison_input import add_participant_columns
from pipeline.run.outcome import OK
from pipeline.stages.compare.compare_borders import (
    BORDER_COLUMNS,
    border_table,
    compare_borders,
)
from pipeline.stages.compare.volume_row import SCAN_COLUMNS
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS
from pipeline.stages.measure.muscle_row import MUSCLE_COLUMNS, muscle_row
from pipeline.store.tables import write_table

_BORDER_COLUMNS: Mapping[str, str] = {
    "participant_id": "participant, as in participants.tsv",
    **SWEEP_COLUMNS,
    **SCAN_COLUMNS,
}


def write_muscles(results: CohortResults, volumes: pd.DataFrame) -> pd.DataFrame:
    """Write ``muscles.tsv``, one row per row of ``volumes.tsv``."""
    rows = [
        muscle_row({str(name): cell for name, cell in row.items()}, entry.table)
        for row, entry in zip(volumes.to_dict("records"), results.entries, strict=True)
    ]
    muscles = pd.DataFrame(rows, columns=list(MUSCLE_COLUMNS), dtype=object)
    write_table(muscles, results.cohort.out / "muscles.tsv", MUSCLE_COLUMNS)
    return muscles


def sweep_of(entries: Iterable[ParticipantResult]) -> pd.DataFrame:
    """Give the rows of ``border_sweep.tsv`` for some scans."""
    frames = [
        entry.sweep.assign(
            participant_id=entry.participant.participant_id, **entry.participant.key.cells
        )
        for entry in entries
        if entry.sweep is not None
    ]
    columns = list(_BORDER_COLUMNS)
    return pd.concat(frames or [pd.DataFrame(columns=columns)])[columns]


def compared(entries: Iterable[ParticipantResult]) -> list[ParticipantResult]:
    """Select one scan of each participant, a compared one if there is any."""
    return one_of_each(
        entries, lambda entry: entry.participant.label, lambda entry: entry.outcome.status == OK
    )


def write_border(results: CohortResults, volumes: pd.DataFrame) -> tuple[BorderComparison, ...]:
    """Write ``border_sweep.tsv`` and ``border_statistics.tsv``; returns the latter."""
    cohort = results.cohort
    write_table(sweep_of(results.entries), cohort.out / "border_sweep.tsv", _BORDER_COLUMNS)
    border_statistics: tuple[BorderComparison, ...] = ()
    if not why_not_compared(volumes.to_dict("records")):
        table = add_participant_columns(cohort, volumes)
        sweep = sweep_of(compared(results.entries))
        border_statistics = compare_borders(table, sweep, cohort.config.compare)
    path = cohort.out / "border_statistics.tsv"
    write_table(border_table(border_statistics), path, BORDER_COLUMNS)
    return border_statistics
