"""The tables behind the comparison: every muscle, and the border moved."""

import pandas as pd

from pipeline.domain.comparison import BorderComparison
from pipeline.run.cohort_tables import Gathered, with_groups
from pipeline.stages.compare import BORDER_COLUMNS, border_table, compare_borders
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS
from pipeline.stages.measure.muscle_row import MUSCLE_COLUMNS, muscle_row
from pipeline.store.tables import write_table

_WHO = {"participant_id": "participant, as in participants.tsv"}


def write_muscles(gathered: Gathered, volumes: pd.DataFrame) -> pd.DataFrame:
    """Write ``muscles.tsv``, a row for every participant of ``volumes.tsv``."""
    rows = [
        muscle_row({str(name): cell for name, cell in row.items()}, entry.table)
        for row, entry in zip(volumes.to_dict("records"), gathered.entries, strict=True)
    ]
    muscles = pd.DataFrame(rows, columns=list(MUSCLE_COLUMNS), dtype=object)
    write_table(muscles, gathered.cohort.out / "muscles.tsv", MUSCLE_COLUMNS)
    return muscles


def write_border(gathered: Gathered, volumes: pd.DataFrame) -> tuple[BorderComparison, ...]:
    """Write ``border_sweep.tsv`` and ``border_statistics.tsv``; gives the latter."""
    cohort = gathered.cohort
    columns = _WHO | dict(SWEEP_COLUMNS)
    parts = [pd.DataFrame(columns=list(columns))] + [
        entry.sweep.assign(participant_id=entry.participant.participant_id)
        for entry in gathered.entries
        if entry.sweep is not None
    ]
    sweep = pd.concat(parts[1:] or parts)[list(columns)]
    write_table(sweep, cohort.out / "border_sweep.tsv", columns)
    moved = compare_borders(with_groups(cohort, volumes), sweep, cohort.config.compare)
    write_table(border_table(moved), cohort.out / "border_statistics.tsv", BORDER_COLUMNS)
    return moved
