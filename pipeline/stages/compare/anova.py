"""More than two groups: analysis of variance, then each pair of groups."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt

from scipy import stats

from pipeline.domain.comparison import Anova, Interval, MeanTest, TTestResult
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.descriptives import Values
from pipeline.stages.compare.studentized_range import critical_range, upper_tail


def compare_many(
    groups: Mapping[str, Values], params: CompareParams
) -> tuple[Anova, dict[tuple[str, str], MeanTest]]:
    """Compare each pair of three or more groups, corrected for the number of pairs.

    Parameters
    ----------
    groups
        Two values or more each, with spread.

    Returns
    -------
    anova
        The analysis of variance over all groups.
    tests
        The test of each pair of names, in the order of `groups`.

    Notes
    -----
    Games and Howell 1976 (doi:10.2307/1164979) with Welch's analysis of variance (1951);
    for ``student`` Tukey and Kramer with the classical one. `scipy.stats.tukey_hsd` gives
    the same, but takes seconds for the intervals of one outcome.
    """
    is_student = params.test == "student"
    samples = list(groups.values())
    result = stats.f_oneway(*samples, equal_var=is_student)
    between, within = _degrees_of_freedom(samples, is_student=is_student)
    anova = Anova(float(result.statistic), between, within, float(result.pvalue))
    return anova, {
        (a, b): _compare_pair(samples, (i, j), is_student=is_student)
        for (i, a), (j, b) in combinations(enumerate(groups), 2)
    }


def _degrees_of_freedom(samples: Sequence[Values], *, is_student: bool) -> tuple[float, float]:
    """Give the degrees of freedom of F, which scipy does not return."""
    between = len(samples) - 1.0
    if is_student:
        return between, float(sum(values.size for values in samples) - len(samples))
    weights = [values.size / values.var(ddof=1) for values in samples]
    lack = sum(
        (1 - weight / sum(weights)) ** 2 / (values.size - 1)
        for weight, values in zip(weights, samples, strict=True)
    )
    return between, float((len(samples) ** 2 - 1) / (3 * lack))


def _compare_pair(
    samples: Sequence[Values], which: tuple[int, int], *, is_student: bool
) -> MeanTest:
    """Compare two groups by the studentised range of all groups."""
    a, b = (samples[k] for k in which)
    difference = float(a.mean() - b.mean())
    if is_student:
        df = float(sum(values.size for values in samples) - len(samples))
        pooled = sum((values.size - 1) * values.var(ddof=1) for values in samples) / df
        error = sqrt(pooled * (1 / a.size + 1 / b.size))
    else:
        df = float(stats.ttest_ind(a, b, equal_var=False).df)
        error = sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
    half_width = critical_range(len(samples), df) / sqrt(2) * error
    t = difference / error
    p = upper_tail(abs(t) * sqrt(2), len(samples), df)
    return MeanTest(
        "tukey" if is_student else "games-howell",
        TTestResult(t, df, p),
        Interval(difference - half_width, difference + half_width),
    )
