"""Two groups compared in one outcome: what ``statistics.tsv`` has in one row.

A field is None where it is not defined; `Comparison.notes` says why.
"""

from dataclasses import dataclass

from pipeline.domain.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one group, summarised in the unit of the outcome.

    Parameters
    ----------
    group
        None where there is no second group.
    shapiro_p
        p value of the Shapiro-Wilk test of normality.
    """

    group: str | None
    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    iqr: float | None = None
    shapiro_p: float | None = None


@dataclass(frozen=True, slots=True)
class TTestResult:
    """A two-sided t test."""

    statistic: float
    df: float
    p: float


@dataclass(frozen=True, slots=True)
class MeanTest:
    """The test of the mean difference that the settings ask for.

    Parameters
    ----------
    name
        ``welch``, ``student``, ``paired``, ``games-howell`` or ``tukey``.
    ci95
        Confidence interval of the mean difference.
    """

    name: str
    t: TTestResult
    ci95: Interval


@dataclass(frozen=True, slots=True)
class EffectSize:
    """Cohen's d and Hedges' g, and the smallest d that a study of this size detects.

    Parameters
    ----------
    detectable_d
        Smallest d that one test at 0.05 detects with a power of `power`.
    """

    cohens_d: float
    cohens_d_ci95: Interval | None
    hedges_g: float | None
    hedges_g_ci95: Interval | None
    detectable_d: float
    power: float


@dataclass(frozen=True, slots=True)
class UnpairedTests:
    """Further tests of two groups of different people."""

    welch: TTestResult
    student: TTestResult
    mann_whitney_p: float
    levene_p: float | None


@dataclass(frozen=True, slots=True)
class PairedTests:
    """Further results of the paired design.

    Parameters
    ----------
    cohens_d_av
        Mean difference over the root mean square of both standard deviations.
    """

    wilcoxon_p: float
    shapiro_p_difference: float | None
    cohens_d_av: float


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A permutation test of the mean difference.

    Parameters
    ----------
    method
        ``exact`` or ``random``, and the number of permutations.
    """

    p: float
    method: str


@dataclass(frozen=True, slots=True)
class Anova:
    """The analysis of variance over all groups."""

    f: float
    df_between: float
    df_within: float
    p: float


@dataclass(frozen=True, slots=True)
class Tests:
    """Every test of one comparison, where both groups can be tested."""

    mean: MeanTest
    effect: EffectSize
    unpaired: UnpairedTests | None = None
    paired: PairedTests | None = None
    permutation: PermutationTest | None = None
    anova: Anova | None = None


@dataclass(frozen=True, slots=True)
class AdjustedDifference:
    """The mean difference at equal covariates."""

    difference: float
    ci95: Interval
    p: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The adjustment for covariates (ANCOVA).

    Parameters
    ----------
    covariates
        Columns that the difference is adjusted for.
    n
        Participants of both groups whose covariates are known.
    result
        None where it cannot be estimated, and `note` says why.
    """

    covariates: tuple[str, ...]
    n: int
    result: AdjustedDifference | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """The measurement error of one foot, in the unit of the outcome.

    Parameters
    ----------
    sem
        Standard error of measurement.
    mdc95
        Smallest detectable change, 1.96 sqrt(2) SEM.
    source
        Repeats, segmentation intervals, or setting.
    """

    sem: float
    mdc95: float
    source: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups compared in one outcome.

    Parameters
    ----------
    a, b
        The reference group and the other one; differences are a minus b.
    tests
        None where a group has fewer than two values or no spread.
    p_holm
        p of the test of means after Holm's correction over the family.
    family_tests
        Outcomes of the family that could be tested.
    notes
        Why values are missing.
    """

    outcome: Outcome
    a: Sample
    b: Sample
    tests: Tests | None = None
    adjustment: Adjustment | None = None
    error: MeasurementError | None = None
    p_holm: float | None = None
    family_tests: int = 0
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str | None, str | None]:
        """Names of the two groups."""
        return self.a.group, self.b.group

    @property
    def has_two_groups(self) -> bool:
        """Whether somebody was measured in both groups."""
        return min(self.a.n, self.b.n) > 0

    @property
    def mean_difference(self) -> float | None:
        """Mean of a minus mean of b; None where a group has no value."""
        if self.a.mean is None or self.b.mean is None:
            return None
        return self.a.mean - self.b.mean

    @property
    def p(self) -> float | None:
        """Two-sided p value of the test of means."""
        return self.tests.mean.t.p if self.tests else None

    @property
    def is_below_mdc95(self) -> bool | None:
        """Whether the difference is smaller than the smallest detectable change."""
        if self.error is None or self.mean_difference is None:
            return None
        return abs(self.mean_difference) < self.error.mdc95


@dataclass(frozen=True, slots=True)
class BorderComparison:
    """A comparison with the border moved toward the toes by an offset in mm."""

    offset_mm: float
    comparison: Comparison
