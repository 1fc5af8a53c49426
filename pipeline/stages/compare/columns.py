"""The columns of ``statistics.tsv`` and what they mean."""

from collections.abc import Mapping
from types import MappingProxyType

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
    "mean_difference": "mean a less mean b, in the unit of the outcome",
    "ci95_low": "lower end of the 95 % confidence interval of the difference",
    "ci95_high": "upper end of the 95 % confidence interval of the difference",
    "test": "two-sided test of the means: welch (unequal variances), student, paired; of each "
    "two of more groups games-howell or tukey, whose p and interval allow for all of these",
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
    "family": "outcomes of one family are corrected for one another by Holm",
    "family_tests": "outcomes of the family that could be tested",
    "median_a": "median of group a, in the unit of the outcome",
    "iqr_a": "upper less lower quartile of group a (linear interpolation, R's type 7)",
    "median_b": "median of group b, in the unit of the outcome",
    "iqr_b": "upper less lower quartile of group b",
    "welch_t": "t of Welch's test of these two groups; n/a in the paired design",
    "welch_df": "its degrees of freedom",
    "welch_p": "its two-sided p value, for these two groups alone",
    "student_t": "t of Student's test of these two groups; n/a in the paired design",
    "student_df": "its degrees of freedom",
    "student_p": "its two-sided p value, for these two groups alone",
    "permutation_p": "two-sided p value of the permutation test of the mean difference",
    "permutation_method": "exact (all splits tried) or random, and how many",
    "levene_p": "p value of Levene's test of equal variances, about the medians "
    "(Brown-Forsythe); n/a in the paired design",
    "wilcoxon_p": "two-sided p value of the Wilcoxon signed-rank test; paired design only",
    "shapiro_p_difference": "Shapiro-Wilk p of the differences within pairs; paired only",
    "cohens_d_av": "mean difference over the root mean square of both standard deviations, to "
    "hold beside unpaired studies; paired only",
    "hedges_g_ci95_low": "lower end of the exact 95 % interval of g",
    "hedges_g_ci95_high": "upper end of the exact 95 % interval of g",
    "anova_f": "F over all groups: Welch's, or the classical one for student; n/a for two",
    "anova_df_between": "its degrees of freedom between groups",
    "anova_df_within": "its degrees of freedom within groups",
    "anova_p": "its p value",
    "covariates": "what the adjusted difference is adjusted for; absolute volumes of "
    "independent groups only",
    "n_adjusted": "participants of both groups whose covariates are known",
    "adjusted_difference": "a less b at equal covariates, parallel slopes (ANCOVA)",
    "adjusted_ci95_low": "lower end of its 95 % confidence interval",
    "adjusted_ci95_high": "upper end of its 95 % confidence interval",
    "adjusted_p": "its two-sided p value, not corrected for further outcomes or groups",
    "detectable_d": "smallest d that one test at 0.05 finds with the power of the settings",
    "power": "that power, 0 to 1",
    "sem": "standard error of measurement of one foot, in the unit of the outcome; n/a where "
    "no source of it is known",
    "mdc95": "smallest detectable change of one foot, 1.96 sqrt(2) SEM",
    "mdc95_source": "repeats, segmentation intervals, or setting",
    "below_mdc95": "true where the mean difference is smaller than mdc95",
    "note": "why a cell of this row is n/a, where its column does not say it",
}

STATISTICS_COLUMNS: Mapping[str, str] = MappingProxyType(_CONTRACT | _FURTHER)
