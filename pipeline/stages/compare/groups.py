"""Two groups beside each other, one row per outcome."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy import stats

from pipeline.errors import ArtefactError, ConfigError
from pipeline.stages.compare.effect_size import cohens_d, hedges_g
from pipeline.stages.compare.volumes import OK

STATISTICS_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "outcome": "column of volumes.tsv that is compared",
        "group_a": "reference group",
        "group_b": "other group",
        "n_a": "participants of group a with this outcome",
        "n_b": "participants of group b with this outcome",
        "mean_a": "mean of group a, in the unit of the outcome",
        "sd_a": "standard deviation of group a (n - 1), in the unit of the outcome",
        "mean_b": "mean of group b, in the unit of the outcome",
        "sd_b": "standard deviation of group b (n - 1), in the unit of the outcome",
        "mean_difference": "mean a less mean b, in the unit of the outcome",
        "ci95_low": "lower end of the 95 % confidence interval of the difference",
        "ci95_high": "upper end of the 95 % confidence interval of the difference",
        "test": "two-sided t test: welch (unequal variances) or student",
        "statistic": "t",
        "df": "degrees of freedom of t",
        "p": "two-sided p value of the t test",
        "p_holm": "p after Holm's correction over rearfoot, forefoot and total of one scale",
        "cohens_d": "mean difference over the pooled standard deviation",
        "cohens_d_ci95_low": "lower end of the exact (noncentral t) 95 % interval of d",
        "cohens_d_ci95_high": "upper end of the exact (noncentral t) 95 % interval of d",
        "hedges_g": "d times the exact small-sample correction",
        "mann_whitney_p": "two-sided p value of the Mann-Whitney U test",
        "shapiro_p_a": "p value of the Shapiro-Wilk test of normality in group a",
        "shapiro_p_b": "p value of the Shapiro-Wilk test of normality in group b",
    }
)

FAMILIES = (
    ("rearfoot_cm3", "forefoot_cm3", "total_cm3"),
    ("rearfoot_mm3_per_kg", "forefoot_mm3_per_kg", "total_mm3_per_kg"),
)
Values = NDArray[np.float64]
OUTCOMES = tuple(outcome for family in FAMILIES for outcome in family)


class CompareParams(BaseModel, frozen=True, extra="forbid"):
    """How two groups are compared."""

    group_column: str = Field(default="group", min_length=1)
    """Column of volumes.tsv that parts the participants."""
    reference: str = Field(default="healthy", min_length=1)
    """Group a; differences are group a less group b."""
    test: Literal["welch", "student"] = "welch"
    """t test of the means: unequal variances (welch), or pooled (student)."""


def compare(volumes: pd.DataFrame, params: CompareParams) -> pd.DataFrame:
    """Compare two groups in each outcome.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``. Those whose status is not ``ok``, or that have no
        group, do not count; a row without an outcome is left out of that outcome.

    Returns
    -------
    pandas.DataFrame
        One row per outcome, the columns of `STATISTICS_COLUMNS`. A cell is
        missing where it is not defined: every test needs two participants and
        some spread in each group. Where fewer than two groups are there, the
        means alone are given.

    Raises
    ------
    ConfigError
        If there is no such group column, there are more than two groups, or
        neither of two is the reference.
    ArtefactError
        If a column is missing, or holds what is not a number.

    Notes
    -----
    Cohen's d has the pooled SD as its unit, so its interval assumes equal
    variances; Welch's test does not. Outcomes that depend on one another are
    corrected by Holm within the absolute and within the per-kg family. No
    covariate is adjusted for.
    """
    groups = _groups(volumes, params)
    names = _pair(groups, params)
    rows: list[dict[str, object]] = []
    for outcome in OUTCOMES:
        column = _numbers(volumes, outcome)[volumes["status"] == OK].dropna()
        a, b = (np.sort(np.asarray(column[groups == name], dtype=np.float64)) for name in names)
        labels = {"outcome": outcome, "group_a": names[0], "group_b": names[1]}
        rows.append(labels | _row(a, b, params))
    frame = pd.DataFrame(rows, columns=list(STATISTICS_COLUMNS))
    frame["p_holm"] = _holm(frame)
    return frame


def _groups(volumes: pd.DataFrame, params: CompareParams) -> "pd.Series[str]":
    """Give the group of every row, as text."""
    needed = {params.group_column, "status"} - set(volumes.columns)
    if needed:
        msg = (
            f"The comparison needs the columns {sorted(needed)!r} of volumes.tsv: got "
            f"{list(volumes.columns)!r}. Name another with compare.group_column."
        )
        raise ConfigError(msg)
    # whole numbers beside a missing cell are floats to pandas: "1.0" is no group's name
    groups: pd.Series[str] = (
        volumes[params.group_column].convert_dtypes().astype("string").str.strip()
    )
    return groups.mask(groups == "", None)


def _pair(groups: "pd.Series[str]", params: CompareParams) -> tuple[str, str | None]:
    """Give the reference and the other group."""
    found = sorted(groups.dropna().unique())
    others = [name for name in found if name != params.reference]
    if len(found) > 2:
        msg = (
            f"A comparison needs two groups in the column {params.group_column!r}: got "
            f"{len(found)}, {found!r}. Leave some out, or name another column."
        )
        raise ConfigError(msg)
    if len(others) == 2:
        msg = (
            f"The reference {params.reference!r} must be a group in the column "
            f"{params.group_column!r}: got {found!r}. Set compare.reference to one of these."
        )
        raise ConfigError(msg)
    return params.reference, others[0] if others else None


def _numbers(volumes: pd.DataFrame, outcome: str) -> "pd.Series[float]":
    """Give a column as numbers; missing cells stay missing."""
    if outcome not in volumes:
        msg = (
            f"volumes.tsv must have the column {outcome!r}: got {list(volumes.columns)!r}. "
            "Run the measure stage again."
        )
        raise ArtefactError(msg)
    numbers: pd.Series[float] = pd.to_numeric(volumes[outcome], errors="coerce").astype(float)
    odd = volumes[outcome][volumes[outcome].notna() & ~np.isfinite(numbers)]
    if len(odd):
        msg = (
            f"Every {outcome} in volumes.tsv must be a number or n/a: got "
            f"{odd.astype(str).tolist()!r}. Run the measure stage again."
        )
        raise ArtefactError(msg)
    return numbers


def _row(a: Values, b: Values, params: CompareParams) -> dict[str, object]:
    """Give all the statistics of one outcome but Holm's."""
    return {
        "n_a": a.size,
        "n_b": b.size,
        "mean_a": _mean(a),
        "sd_a": _sd(a),
        "mean_b": _mean(b),
        "sd_b": _sd(b),
        "mean_difference": _mean(a) - _mean(b),
        "shapiro_p_a": _shapiro_p(a),
        "shapiro_p_b": _shapiro_p(b),
        **(_inference(a, b, params) if _has_spread(a) and _has_spread(b) else {}),
    }


def _mean(values: Values) -> float:
    """Give the mean; missing where there is nothing."""
    return float(values.mean()) if values.size else np.nan


def _sd(values: Values) -> float:
    """Give the sample standard deviation; missing below two values."""
    return float(values.std(ddof=1)) if values.size > 1 else np.nan


def _has_spread(values: Values) -> bool:
    """Whether values differ by more than rounding."""
    return values.size > 1 and bool(np.ptp(values) > 1e-9 * np.abs(values).max())


def _inference(a: Values, b: Values, params: CompareParams) -> dict[str, object]:
    """Give tests and effect sizes of two groups that have spread."""
    result = stats.ttest_ind(a, b, equal_var=params.test == "student")
    interval = result.confidence_interval(0.95)
    d, (d_low, d_high) = cohens_d(a, b)
    return {
        "ci95_low": float(interval.low),
        "ci95_high": float(interval.high),
        "test": params.test,
        "statistic": float(result.statistic),
        "df": float(result.df),
        "p": float(result.pvalue),
        "cohens_d": d,
        "cohens_d_ci95_low": d_low,
        "cohens_d_ci95_high": d_high,
        "hedges_g": hedges_g(d, a.size + b.size - 2),
        "mann_whitney_p": float(stats.mannwhitneyu(a, b).pvalue),
    }


def _shapiro_p(values: Values) -> float | None:
    """Give the p of Shapiro and Wilk; missing below three values or without spread."""
    if values.size < 3 or not _has_spread(values):
        return None
    return float(stats.shapiro(values).pvalue)


def _holm(frame: pd.DataFrame) -> "pd.Series[float]":
    """Give Holm's p within each family, over the outcomes that could be tested."""
    corrected = pd.Series(np.nan, index=frame.index)
    for family in FAMILIES:
        tested = frame["p"][frame["outcome"].isin(family)].dropna().sort_values()
        # statsmodels' multipletests does the same, but collects garbage at every call
        raised = tested.to_numpy(dtype=float) * np.arange(len(tested), 0, -1)
        corrected[tested.index] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return corrected
