"""Comparisons as the rows of ``statistics.tsv``, and what its columns mean."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from pipeline.domain.comparison import (
    Adjustment,
    Comparison,
    Interval,
    MeanTest,
    PairedTests,
    Sample,
    Tests,
    TTestResult,
    UnpairedTests,
)

_CONTRACT = {
    "outcome": "column of volumes.tsv that is compared; of muscles.tsv for single muscles, "
    "where mm3_per_kg is that volume over body_mass_kg",
    "group_a": "reference group",
    "group_b": "other group",
    "n_a": "participants of group a with this outcome; complete pairs in the paired design",
    "n_b": "participants of group b with this outcome; complete pairs in the paired design",
    "mean_a": "mean of group a, in the unit of the outcome",
    "sd_a": "standard deviation of group a (n - 1), in the unit of the outcome",
    "mean_b": "mean of group b, in the unit of the outcome",
    "sd_b": "standard deviation of group b (n - 1), in the unit of the outcome",
    "mean_difference": "mean a minus mean b, in the unit of the outcome",
    "ci95_low": "lower end of the 95 % confidence interval of the difference",
    "ci95_high": "upper end of the 95 % confidence interval of the difference",
    "test": "two-sided test of the means: welch (unequal variances), student or paired; with "
    "more than two groups games-howell or tukey, corrected for the number of pairs of groups",
    "statistic": "t",
    "df": "degrees of freedom of t",
    "p": "two-sided p value of the test",
    "p_holm": "p after Holm's correction over the tested outcomes of the family",
    "cohens_d": "mean difference over the pooled standard deviation; in the paired design over "
    "the standard deviation of the differences",
    "cohens_d_ci95_low": "lower end of the exact (noncentral t) 95 % interval of d",
    "cohens_d_ci95_high": "upper end of the exact (noncentral t) 95 % interval of d",
    "hedges_g": "d times the exact small-sample correction",
    "mann_whitney_p": "two-sided p value of the Mann-Whitney U test; n/a in the paired design",
    "shapiro_p_a": "p value of the Shapiro-Wilk test of normality in group a",
    "shapiro_p_b": "p value of the Shapiro-Wilk test of normality in group b",
}
_FURTHER = {
    "family": "outcomes of one family are corrected together by Holm's method",
    "family_tests": "outcomes of the family that could be tested",
    "median_a": "median of group a, in the unit of the outcome",
    "iqr_a": "interquartile range of group a (linear interpolation, R's type 7)",
    "median_b": "median of group b, in the unit of the outcome",
    "iqr_b": "interquartile range of group b",
    "welch_t": "t of Welch's test of these two groups; n/a in the paired design",
    "welch_df": "its degrees of freedom",
    "welch_p": "its two-sided p value, for these two groups alone",
    "student_t": "t of Student's test of these two groups; n/a in the paired design",
    "student_df": "its degrees of freedom",
    "student_p": "its two-sided p value, for these two groups alone",
    "permutation_p": "two-sided p value of the permutation test of the mean difference",
    "permutation_method": "exact (all permutations) or random, and how many",
    "levene_p": "p value of Levene's test of equal variances, about the medians "
    "(Brown-Forsythe); n/a in the paired design",
    "wilcoxon_p": "two-sided p value of the Wilcoxon signed-rank test; paired design only",
    "shapiro_p_difference": "Shapiro-Wilk p of the differences within pairs; paired design "
    "only",
    "cohens_d_av": "mean difference over the root mean square of both standard deviations, for "
    "comparison with unpaired studies; paired design only",
    "hedges_g_ci95_low": "lower end of the exact 95 % interval of g",
    "hedges_g_ci95_high": "upper end of the exact 95 % interval of g",
    "anova_f": "F over all groups: Welch's, or the classical one for student; n/a for two "
    "groups",
    "anova_df_between": "its degrees of freedom between groups",
    "anova_df_within": "its degrees of freedom within groups",
    "anova_p": "its p value",
    "covariates": "columns that the difference is adjusted for; absolute volumes of "
    "independent groups only",
    "n_adjusted": "participants of both groups whose covariates are known",
    "adjusted_difference": "a minus b at equal covariates, parallel slopes (ANCOVA)",
    "adjusted_ci95_low": "lower end of its 95 % confidence interval",
    "adjusted_ci95_high": "upper end of its 95 % confidence interval",
    "adjusted_p": "its two-sided p value, not corrected for other outcomes or groups",
    "detectable_d": "smallest d that one test at 0.05 detects with the power of the settings",
    "power": "that power, 0 to 1",
    "sem": "standard error of measurement of one foot, in the unit of the outcome; n/a without "
    "a source",
    "mdc95": "smallest detectable change of one foot, 1.96 sqrt(2) SEM",
    "mdc95_source": "repeats, segmentation intervals, or setting",
    "below_mdc95": "true where the mean difference is smaller than mdc95",
    "note": "why a cell of this row is n/a, where the column's description does not say it",
}

STATISTICS_COLUMNS: Mapping[str, str] = MappingProxyType(_CONTRACT | _FURTHER)


def statistics_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Give one row per comparison, the columns of `STATISTICS_COLUMNS`."""
    rows = [statistics_row(comparison) for comparison in comparisons]
    return pd.DataFrame(rows, columns=list(STATISTICS_COLUMNS))


def statistics_row(comparison: Comparison) -> dict[str, object]:
    """Give the cells of one comparison by column; None is n/a."""
    error = comparison.error
    cells: dict[str, object] = {
        "outcome": comparison.outcome.column,
        "family": comparison.outcome.family,
        **_sample_cells(comparison.a, "a"),
        **_sample_cells(comparison.b, "b"),
        "mean_difference": comparison.mean_difference,
        "p_holm": comparison.p_holm,
        "family_tests": comparison.family_tests,
        **(_test_cells(comparison.tests) if comparison.tests else {}),
        **(_adjusted_cells(comparison.adjustment) if comparison.adjustment else {}),
        "sem": error.sem if error else None,
        "mdc95": error.mdc95 if error else None,
        "mdc95_source": error.source if error else None,
        "below_mdc95": comparison.is_below_mdc95,
        "note": "; ".join(comparison.notes) or None,
    }
    return {name: cells.get(name) for name in STATISTICS_COLUMNS}


def _sample_cells(sample: Sample, suffix: str) -> dict[str, object]:
    return {
        f"group_{suffix}": sample.group,
        f"n_{suffix}": sample.n,
        f"mean_{suffix}": sample.mean,
        f"sd_{suffix}": sample.sd,
        f"median_{suffix}": sample.median,
        f"iqr_{suffix}": sample.iqr,
        f"shapiro_p_{suffix}": sample.shapiro_p,
    }


def _test_cells(tests: Tests) -> dict[str, object]:
    effect, permutation, anova = tests.effect, tests.permutation, tests.anova
    return {
        **_mean_test_cells(tests.mean),
        "cohens_d": effect.cohens_d,
        **_interval_cells("cohens_d_ci95", effect.cohens_d_ci95),
        "hedges_g": effect.hedges_g,
        **_interval_cells("hedges_g_ci95", effect.hedges_g_ci95),
        "detectable_d": effect.detectable_d,
        "power": effect.power,
        **(_unpaired_cells(tests.unpaired) if tests.unpaired else {}),
        **(_paired_cells(tests.paired) if tests.paired else {}),
        "permutation_p": permutation.p if permutation else None,
        "permutation_method": permutation.method if permutation else None,
        "anova_f": anova.f if anova else None,
        "anova_df_between": anova.df_between if anova else None,
        "anova_df_within": anova.df_within if anova else None,
        "anova_p": anova.p if anova else None,
    }


def _mean_test_cells(test: MeanTest) -> dict[str, object]:
    return {
        "test": test.name,
        "statistic": test.t.statistic,
        "df": test.t.df,
        "p": test.t.p,
        **_interval_cells("ci95", test.ci95),
    }


def _unpaired_cells(tests: UnpairedTests) -> dict[str, object]:
    return {
        **_t_cells("welch", tests.welch),
        **_t_cells("student", tests.student),
        "mann_whitney_p": tests.mann_whitney_p,
        "levene_p": tests.levene_p,
    }


def _paired_cells(tests: PairedTests) -> dict[str, object]:
    return {
        "wilcoxon_p": tests.wilcoxon_p,
        "shapiro_p_difference": tests.shapiro_p_difference,
        "cohens_d_av": tests.cohens_d_av,
    }


def _adjusted_cells(adjustment: Adjustment) -> dict[str, object]:
    result = adjustment.result
    return {
        "covariates": ";".join(adjustment.covariates),
        "n_adjusted": adjustment.n,
        "adjusted_difference": result.difference if result else None,
        **_interval_cells("adjusted_ci95", result.ci95 if result else None),
        "adjusted_p": result.p if result else None,
    }


def _t_cells(name: str, test: TTestResult) -> dict[str, object]:
    return {f"{name}_t": test.statistic, f"{name}_df": test.df, f"{name}_p": test.p}


def _interval_cells(name: str, interval: Interval | None) -> dict[str, object]:
    return {
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }
