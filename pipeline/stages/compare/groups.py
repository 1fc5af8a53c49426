"""Groups beside each other, one row per outcome and two groups."""

from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.stages.compare.ancova import adjust
from pipeline.stages.compare.anova import compare_many
from pipeline.stages.compare.columns import STATISTICS_COLUMNS
from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.descriptives import (
    NOTHING,
    Facts,
    Values,
    describe,
    has_spread,
    why_missing,
)
from pipeline.stages.compare.design import Study, read_study
from pipeline.stages.compare.measurement_error import is_below, measurement_error
from pipeline.stages.compare.outcomes import Outcome, outcomes_among
from pipeline.stages.compare.paired import (
    compare_pairs,
    complete_pairs,
    has_spread_of_differences,
    why_no_pairs,
)
from pipeline.stages.compare.two_groups import compare_two


def compare(volumes: pd.DataFrame, params: CompareParams) -> pd.DataFrame:
    """Compare groups in each outcome.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``, with further columns of ``participants.tsv`` that the
        settings name and with ``<muscle>_total_cm3`` of ``muscles.tsv`` where muscles
        are compared, too. Rows whose status is not ``ok``, or that have no group, do not
        count; a row without an outcome is left out of that outcome.

    Returns
    -------
    pandas.DataFrame
        One row per outcome and two groups, the columns of `STATISTICS_COLUMNS`. A cell
        is missing where it is not defined, and ``note`` or the column's meaning says why:
        every test needs two participants and some spread in each group. Where fewer than
        two groups are there, the means alone are given.

    Raises
    ------
    ConfigError
        If the settings name a column, reference, pair or covariate that does not fit.
    ArtefactError
        If a column is missing, or holds what is not a number.

    Notes
    -----
    Cohen's d has the pooled SD as its unit, so its interval assumes equal variances;
    Welch's test does not. Outcomes of one family are corrected by Holm. The families are
    the three regions, absolute, per body mass and per foot length, and the muscles,
    absolute and per body mass.
    """
    study = read_study(volumes, params)
    rows = [
        row
        for outcome in outcomes_among(volumes.columns)
        for row in _outcome_rows(study, outcome, params)
    ]
    frame = pd.DataFrame(rows, columns=list(STATISTICS_COLUMNS))
    frame["p_holm"] = _holm(frame)
    tested = frame["outcome"].where(frame["p"].notna())
    frame["family_tests"] = tested.groupby(frame["family"]).transform("nunique")
    return frame


def check_design(volumes: pd.DataFrame, params: CompareParams) -> None:
    """Refuse settings that `compare` would refuse, whatever comes to be measured.

    Parameters
    ----------
    volumes
        As for `compare`; the volumes themselves may be missing.

    Raises
    ------
    ConfigError
        As `compare`.
    """
    study = read_study(volumes, params)
    if study.pairs is not None:
        complete_pairs(pd.Series(0.0, study.groups.index), study.groups, study.pairs)


def _outcome_rows(study: Study, outcome: Outcome, params: CompareParams) -> list[Facts]:
    """Give the rows of one outcome."""
    values = study.values(outcome)
    error = measurement_error(
        study.volumes, values, outcome, study.people[values.index], params.mdc95_percent
    )
    if study.pairs is None:
        rows = _independent(study, values, outcome, params)
    else:
        rows = [_paired(study, values, study.pairs[values.index], params)]
    for row in rows:
        row |= {"outcome": outcome.column, "family": outcome.family, **error}
        row["below_mdc95"] = is_below(float(str(row["mean_difference"])), error)
        row["note"] = "; ".join(_notes(row)) or None
    return rows


def _independent(
    study: Study, values: "pd.Series[float]", outcome: Outcome, params: CompareParams
) -> list[Facts]:
    """Give a row for each two groups of different people."""
    groups = study.groups[values.index]
    samples: dict[str | None, Values] = {
        name: np.sort(np.asarray(values[groups.isin([name])], dtype=np.float64))
        for name in study.names
    }
    testable = {str(n): v for n, v in samples.items() if n is not None and has_spread(v)}
    whole = compare_many(testable, params) if len(testable) > 2 else {}
    rows: list[Facts] = []
    for name_a, name_b in combinations(study.names, 2):
        a, b = samples[name_a], samples[name_b]
        row = {"group_a": name_a, "group_b": name_b, **describe(a, b)}
        row["notes"] = why_missing(str(name_a), a) + why_missing(name_b or "another group", b)
        if has_spread(a) and has_spread(b):
            row |= compare_two(a, b, params) | whole.get((str(name_a), str(name_b)), {})
            if outcome.is_absolute and params.covariates:
                both = values[groups.isin([name_a, name_b])]
                row |= adjust(both, groups[both.index] == name_a, study.covariates)
        rows.append(row)
    return rows


def _paired(
    study: Study, values: "pd.Series[float]", pairs: "pd.Series[str]", params: CompareParams
) -> Facts:
    """Give the row of two groups of the same people."""
    name_a, name_b = study.names
    groups = study.groups[values.index]
    table = complete_pairs(values, groups, pairs)
    a, b = (_column(table, name) for name in (name_a, name_b))
    if a.size != b.size:
        a, b = NOTHING, NOTHING
    row = {"group_a": name_a, "group_b": name_b, **describe(a, b)}
    notes = why_no_pairs(a, b)
    alone = int(groups.notna().sum()) - a.size - b.size
    if alone:
        notes.append(f"{alone} participants without a partner left out")
    row["notes"] = notes
    if has_spread_of_differences(a, b):
        row |= compare_pairs(a, b, params)
    return row


def _column(table: pd.DataFrame, name: str | None) -> Values:
    return table[name].to_numpy(dtype=float) if name in table else NOTHING


def _notes(row: Facts) -> list[str]:
    """Give why cells of a row are missing."""
    known = row.pop("notes")
    notes = [*known] if isinstance(known, list) else []
    if "test" in row:
        if row["cohens_d_ci95_low"] is None:
            notes.append("groups too far apart for an interval of d")
        if "levene_p" in row and row["levene_p"] is None and not known:
            notes.append("all as far from their medians: no Levene")
    if "note" in row:
        notes.append(str(row["note"]))
    return notes


def _holm(frame: pd.DataFrame) -> "pd.Series[float]":
    """Give Holm's p within each family, over the outcomes that could be tested.

    Of more than two groups, p allows for all comparisons within an outcome; the outcome
    takes the place in the order that its least p has (statsmodels' multipletests knows no
    such groups of tests).
    """
    corrected = pd.Series(np.nan, index=frame.index)
    for _, rows in frame.dropna(subset="p").groupby("family"):
        least = rows.groupby("outcome", sort=False)["p"].min().sort_values(kind="stable")
        reached = 0.0
        for rank, (outcome, p) in enumerate(least.items()):
            of_outcome = rows["p"][rows["outcome"] == outcome].astype(float)
            left = len(least) - rank
            corrected[of_outcome.index] = np.clip(left * of_outcome, reached, 1.0)
            reached = min(max(reached, left * p), 1.0)
    return corrected
