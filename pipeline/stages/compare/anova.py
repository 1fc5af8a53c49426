"""More than two groups: analysis of variance, then each two."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt

from scipy import stats

from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.descriptives import Facts, Values
from pipeline.stages.compare.studentized_range import critical_range, part_beyond


def compare_many(
    groups: Mapping[str, Values], params: CompareParams
) -> dict[tuple[str, str], Facts]:
    """Compare each two of three or more groups, allowing for all of these comparisons.

    Parameters
    ----------
    groups
        Each of two values or more, with spread.

    Returns
    -------
    dict
        For each two names, in the order of `groups`: the analysis of variance, and the
        test and interval of their difference.

    Notes
    -----
    Games and Howell 1976 (doi:10.2307/1164979) with Welch's analysis of variance (1951);
    for ``student`` Tukey and Kramer with the classical one. `scipy.stats.tukey_hsd` gives
    the same, but takes seconds for the intervals of one outcome.
    """
    is_student = params.test == "student"
    samples = list(groups.values())
    anova = stats.f_oneway(*samples, equal_var=is_student)
    between, within = _degrees_of_freedom(samples, is_student=is_student)
    whole: Facts = {
        "anova_f": float(anova.statistic),
        "anova_df_between": between,
        "anova_df_within": within,
        "anova_p": float(anova.pvalue),
        "test": "tukey" if is_student else "games-howell",
    }
    return {
        (a, b): whole | _each_two(samples, (i, j), is_student=is_student)
        for (i, a), (j, b) in combinations(enumerate(groups), 2)
    }


def _degrees_of_freedom(samples: Sequence[Values], *, is_student: bool) -> tuple[float, float]:
    """Give those of F, which scipy keeps to itself."""
    between = len(samples) - 1.0
    if is_student:
        return between, float(sum(values.size for values in samples) - len(samples))
    weights = [values.size / values.var(ddof=1) for values in samples]
    lack = sum(
        (1 - weight / sum(weights)) ** 2 / (values.size - 1)
        for weight, values in zip(weights, samples, strict=True)
    )
    return between, float((len(samples) ** 2 - 1) / (3 * lack))


def _each_two(samples: Sequence[Values], which: tuple[int, int], *, is_student: bool) -> Facts:
    """Compare two groups by the studentised range of all."""
    a, b = (samples[k] for k in which)
    difference = float(a.mean() - b.mean())
    if is_student:
        df = float(sum(values.size for values in samples) - len(samples))
        pooled = sum((values.size - 1) * values.var(ddof=1) for values in samples) / df
        error = sqrt(pooled * (1 / a.size + 1 / b.size))
    else:
        df = float(stats.ttest_ind(a, b, equal_var=False).df)
        error = sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
    reach = critical_range(len(samples), df) / sqrt(2) * error
    t = difference / error
    return {
        "statistic": t,
        "df": df,
        "p": part_beyond(abs(t) * sqrt(2), len(samples), df),
        "ci95_low": difference - reach,
        "ci95_high": difference + reach,
    }
