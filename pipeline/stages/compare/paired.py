"""Two limbs of the same people, or two points in time."""

import numpy as np
from scipy import stats

from pipeline.domain.comparison import Interval, MeanTest, PairedTests, Tests, TTestResult
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.descriptives import Values, has_spread, shapiro_p
from pipeline.stages.compare.effect_size import detectable_d, effect_size, paired_d
from pipeline.stages.compare.permutation import sign_test


def compare_pairs(a: Values, b: Values, params: CompareParams) -> Tests:
    """Test two or more pairs whose differences have spread."""
    differences = a - b
    result = stats.ttest_rel(a, b)
    ci95 = result.confidence_interval(0.95)
    d_av = differences.mean() / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    return Tests(
        MeanTest(
            "paired",
            TTestResult(float(result.statistic), float(result.df), float(result.pvalue)),
            Interval(float(ci95.low), float(ci95.high)),
        ),
        effect_size(
            *paired_d(differences),
            df=a.size - 1,
            detectable=detectable_d(a.size, None, params.power),
            power=params.power,
        ),
        paired=PairedTests(
            float(stats.wilcoxon(a, b).pvalue), shapiro_p(differences), float(d_av)
        ),
        permutation=sign_test(differences, params.permutations, params.seed)
        if params.permutations
        else None,
    )


def why_no_pairs(a: Values, b: Values) -> list[str]:
    """Give the reasons for the values that are missing in the paired design."""
    if a.size < 2:
        return [f"{a.size} complete pairs: no test"]
    if not has_spread_of_differences(a, b):
        return ["all pairs differ alike: no test"]
    return ["two complete pairs: no Shapiro-Wilk, no Hedges' g"] if a.size < 3 else []


def has_spread_of_differences(a: Values, b: Values) -> bool:
    """Whether the differences vary by more than the rounding of the values themselves."""
    least = 1e-9 * np.abs(np.concatenate((a, b))).max(initial=0)
    return a.size > 1 and has_spread(a - b) and bool(np.ptp(a - b) > least)
