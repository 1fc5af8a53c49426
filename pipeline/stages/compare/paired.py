"""Two limbs of the same people, or two times."""

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.descriptives import Facts, Values, has_spread, shapiro_p
from pipeline.stages.compare.effect_size import detectable_d, paired_d
from pipeline.stages.compare.permutation import sign_test
from pipeline.stages.compare.two_groups import effect_sizes


def complete_pairs(
    values: "pd.Series[float]", groups: "pd.Series[str]", pairs: "pd.Series[str]"
) -> pd.DataFrame:
    """Give one row per pair that has a value in both groups, one column per group.

    Raises
    ------
    ConfigError
        If a pair has more than one participant in a group.
    """
    table = pd.DataFrame({"value": values, "group": groups, "pair": pairs}).dropna()
    twice = table[table.duplicated(["group", "pair"])]
    if len(twice):
        pair, group = twice[["pair", "group"]].iloc[0]
        msg = (
            "Each pair must have one participant in each group: got pair "
            f"{str(pair)!r} with more than one in {str(group)!r}. Correct the pairs."
        )
        raise ConfigError(msg)
    return table.pivot_table(index="pair", columns="group", values="value").dropna()


def compare_pairs(a: Values, b: Values, params: CompareParams) -> Facts:
    """Give tests and effect sizes of two or more pairs whose differences have spread."""
    differences = a - b
    result = stats.ttest_rel(a, b)
    interval = result.confidence_interval(0.95)
    d_av = differences.mean() / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    facts: Facts = {
        "test": "paired",
        "statistic": float(result.statistic),
        "df": float(result.df),
        "p": float(result.pvalue),
        "ci95_low": float(interval.low),
        "ci95_high": float(interval.high),
        "wilcoxon_p": float(stats.wilcoxon(a, b).pvalue),
        "shapiro_p_difference": shapiro_p(differences),
        "cohens_d_av": float(d_av),
        "detectable_d": detectable_d(a.size, None, params.power),
        "power": params.power,
        **effect_sizes(*paired_d(differences), a.size - 1),
    }
    if params.permutations:
        p, method = sign_test(differences, params.permutations, params.seed)
        facts |= {"permutation_p": p, "permutation_method": method}
    return facts


def why_no_pairs(a: Values, b: Values) -> list[str]:
    """Give the reasons for cells that pairs cannot fill."""
    if a.size < 2:
        return [f"{a.size} complete pairs: no test"]
    if not has_spread_of_differences(a, b):
        return ["all pairs differ alike: no test"]
    return ["two complete pairs: no Shapiro-Wilk, no Hedges' g"] if a.size < 3 else []


def has_spread_of_differences(a: Values, b: Values) -> bool:
    """Whether differences differ by more than the rounding of what they are made of."""
    least = 1e-9 * np.abs(np.concatenate((a, b))).max(initial=0)
    return a.size > 1 and has_spread(a - b) and bool(np.ptp(a - b) > least)
