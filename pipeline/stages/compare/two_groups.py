"""Two groups of different people."""

from typing import Any

import numpy as np
from scipy import stats

from pipeline.domain.comparison import Interval, MeanTest, Tests, TTestResult, UnpairedTests
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.descriptives import Values
from pipeline.stages.compare.effect_size import cohens_d, detectable_d, effect_size
from pipeline.stages.compare.permutation import split_test


def compare_two(a: Values, b: Values, params: CompareParams) -> Tests:
    """Test two groups of two values or more each, with spread."""
    welch, student = (
        stats.ttest_ind(a, b, equal_var=is_student) for is_student in (False, True)
    )
    chosen = student if params.test == "student" else welch
    ci95 = chosen.confidence_interval(0.95)
    return Tests(
        MeanTest(params.test, _t_test(chosen), Interval(float(ci95.low), float(ci95.high))),
        effect_size(
            *cohens_d(a, b),
            df=a.size + b.size - 2,
            detectable=detectable_d(a.size, b.size, params.power),
            power=params.power,
        ),
        unpaired=UnpairedTests(
            _t_test(welch),
            _t_test(student),
            mann_whitney_p=float(stats.mannwhitneyu(a, b).pvalue),
            levene_p=_levene_p(a, b),
        ),
        permutation=split_test(a, b, params.permutations, params.seed)
        if params.permutations
        else None,
    )


def _t_test(result: Any) -> TTestResult:
    return TTestResult(float(result.statistic), float(result.df), float(result.pvalue))


def _levene_p(a: Values, b: Values) -> float | None:
    """Give Levene's p about the medians; None where the distances from them do not differ."""
    if min(a.size, b.size) < 3:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        result = stats.levene(a, b, center="median")
    return float(result.pvalue) if np.isfinite(result.statistic) else None
