"""The tables of single muscles and of other positions of the border."""

import pandas as pd

from pipeline.domain.comparison import BorderComparison
from pipeline.run.cohort_results import CohortResults
from pipeline.run.comparison_input import add_participant_columns
from pipeline.stages.compare.compare_borders import (
    BORDER_COLUMNS,
    border_table,
    compare_borders,
)
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS
from pipeline.stages.measure.muscle_row import MUSCLE_COLUMNS, muscle_row
from pipeline.store.tables import write_table

_PARTICIPANT = {"participant_id": "participant, as in participants.tsv"}


def write_muscles(results: CohortResults, volumes: pd.DataFrame) -> pd.DataFrame:
    """Write ``muscles.tsv``, one row per row of ``volumes.tsv``."""
    rows = [
        muscle_row({str(name): cell for name, cell in row.items()}, entry.table)
        for row, entry in zip(volumes.to_dict("records"), results.entries, strict=True)
    ]
    muscles = pd.DataFrame(rows, columns=list(MUSCLE_COLUMNS), dtype=object)
    write_table(muscles, results.cohort.out / "muscles.tsv", MUSCLE_COLUMNS)
    return muscles


def write_border(results: CohortResults, volumes: pd.DataFrame) -> tuple[BorderComparison, ...]:
    """Write ``border_sweep.tsv`` and ``border_statistics.tsv``; returns the latter."""
    cohort = results.cohort
    columns = _PARTICIPANT | dict(SWEEP_COLUMNS)
    frames = [pd.DataFrame(columns=list(columns))] + [
        entry.sweep.assign(participant_id=entry.participant.participant_id)
        for entry in results.entries
        if entry.sweep is not None
    ]
    sweep = pd.concat(frames[1:] or frames)[list(columns)]
    write_table(sweep, cohort.out / "border_sweep.tsv", columns)
    border_statistics = compare_borders(
        add_participant_columns(cohort, volumes), sweep, cohort.config.compare
    )
    path = cohort.out / "border_statistics.tsv"
    write_table(border_table(border_statistics), path, BORDER_COLUMNS)
    return border_statistics
