"""The table that the comparison of groups needs, and its check before anything is measured."""

import pandas as pd

import pipeline
from pipeline.domain.dependent_scans import one_of_each
from pipeline.domain.participant import MISSING
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_state import EXCLUDED
from pipeline.run.outcome import OK
from pipeline.stages.compare.check_design import check_design
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS, volume_row


def check_columns(cohort: Cohort) -> None:
    """Refuse settings of the comparison that do not fit ``participants.tsv``.

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
    people = one_of_each(
        cohort.participants, lambda who: who.label, lambda who: who.key not in cohort.excluded
    )
    rows = [
        volume_row(
            who,
            None,
            status=EXCLUDED if who.key in cohort.excluded else OK,
            reason=None,
            footvol_version=pipeline.__version__,
            run_id="",
            scan_sha256=None,
        )
        | words
        for who in people
    ]
    volumes = pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))
    check_design(add_participant_columns(cohort, volumes), config.compare)


def add_participant_columns(cohort: Cohort, volumes: pd.DataFrame) -> pd.DataFrame:
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
