"""Two groups of different people."""

from typing import Any

import numpy as np
from scipy import stats

from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.descriptives import Facts, Values
from pipeline.stages.compare.effect_size import Interval, cohens_d, detectable_d, hedges_g
from pipeline.stages.compare.permutation import split_test


def compare_two(a: Values, b: Values, params: CompareParams) -> Facts:
    """Give tests and effect sizes of two groups, each of two values or more, with spread."""
    welch, student = (
        stats.ttest_ind(a, b, equal_var=is_student) for is_student in (False, True)
    )
    chosen = student if params.test == "student" else welch
    facts: Facts = {
        "test": params.test,
        **_t_test(chosen),
        "mann_whitney_p": float(stats.mannwhitneyu(a, b).pvalue),
        "levene_p": _levene_p(a, b),
        "detectable_d": detectable_d(a.size, b.size, params.power),
        "power": params.power,
        **effect_sizes(*cohens_d(a, b), a.size + b.size - 2),
    }
    for name, result in (("welch", welch), ("student", student)):
        facts |= {
            f"{name}_t": float(result.statistic),
            f"{name}_df": float(result.df),
            f"{name}_p": float(result.pvalue),
        }
    if params.permutations:
        p, method = split_test(a, b, params.permutations, params.seed)
        facts |= {"permutation_p": p, "permutation_method": method}
    return facts


def effect_sizes(d: float, interval: Interval, df: int) -> Facts:
    """Give d and g with their intervals; g is missing below 2 degrees of freedom."""
    g, g_low, g_high = (
        None if end is None or df < 2 else hedges_g(end, df) for end in (d, *interval)
    )
    return {
        "cohens_d": d,
        "cohens_d_ci95_low": interval[0],
        "cohens_d_ci95_high": interval[1],
        "hedges_g": g,
        "hedges_g_ci95_low": g_low,
        "hedges_g_ci95_high": g_high,
    }


def _t_test(result: Any) -> Facts:
    interval = result.confidence_interval(0.95)
    return {
        "ci95_low": float(interval.low),
        "ci95_high": float(interval.high),
        "statistic": float(result.statistic),
        "df": float(result.df),
        "p": float(result.pvalue),
    }


def _levene_p(a: Values, b: Values) -> float | None:
    """Give Levene's p about the medians; missing where distances do not differ."""
    if min(a.size, b.size) < 3:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        result = stats.levene(a, b, center="median")
    return float(result.pvalue) if np.isfinite(result.statistic) else None
