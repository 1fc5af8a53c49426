"""Comparisons in plain sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain.comparison import BorderComparison, Comparison, Tests
from pipeline.domain.outcomes import Quantity
from pipeline.stages.report.formatting import fixed, interval, p_equals
from pipeline.stages.report.outcome_labels import label_of

ALPHA = 0.05
BORDER_SHIFT_MM = 5.0
TEST_NAMES = {
    "welch": "Welch's t test",
    "student": "Student's t test",
    "paired": "paired t test",
    "games-howell": "Games-Howell test",
    "tukey": "Tukey's test",
}


@dataclass(frozen=True, slots=True)
class Context:
    """What all outcomes of a comparison have in common.

    Parameters
    ----------
    main
        Form of the volumes in the family that the settings name, which is shown first.
    borders, muscles
        As in ``volumes.tsv``.
    region_tests, muscle_tests
        Number of tests made.
    moved
        The same comparisons with the border moved.
    left_out
        What is not in the comparison: scan and reason.
    why_not_compared
        If groups could not be compared at all.
    """

    main: Quantity = Quantity.PER_BODY_MASS
    borders: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()
    region_tests: int = 0
    muscle_tests: int = 0
    moved: Sequence[BorderComparison] = ()
    left_out: Sequence[tuple[str, str]] = ()
    why_not_compared: str | None = None


def verdict(comparison: Comparison) -> str:
    """Give the result of a comparison in one sentence."""
    name = label_of(comparison.outcome).name
    a, b = comparison.groups
    if comparison.tests is None:
        counts = " and ".join(
            f"{sample.n} {sample.group}"
            for sample in (comparison.a, comparison.b)
            if sample.group
        )
        return (
            f"The {name} could not be tested ({counts} measured): a test needs at least two "
            "participants in each of two groups, with values that differ."
        )
    if comparison.tests.mean.t.p >= ALPHA:
        return (
            f"The {name} does not differ significantly between {a} and {b}, which is not "
            "evidence that there is no difference."
        )
    larger, smaller = (a, b) if _difference(comparison) > 0 else (b, a)
    if (comparison.p_holm or 0.0) >= ALPHA:
        return (
            f"The {name} is larger in {larger} than in {smaller}, but not significantly so "
            "after correction for the outcomes tested together."
        )
    return f"The {name} is larger in {larger} than in {smaller}."


def explanation(comparison: Comparison, context: Context) -> str:
    """Give the numbers behind a verdict, and what limits it."""
    if comparison.tests is None:
        return f"Reason: {'; '.join(comparison.notes)}." if comparison.notes else ""
    return " ".join(_sentences(comparison, comparison.tests, context))


def _sentences(comparison: Comparison, tests: Tests, context: Context) -> Iterator[str]:
    yield _means(comparison, tests)
    effect = tests.effect
    yield (
        f"Cohen's d is {fixed(effect.cohens_d, 2)}, 95 % confidence interval "
        f"{interval(effect.cohens_d_ci95, 2)}; with these numbers of participants, one test "
        f"at {ALPHA} detects a true d of {fixed(effect.detectable_d, 2)} with "
        f"{100 * effect.power:.0f} % power, and smaller ones less often."
    )
    yield from _other_tests(tests)
    yield from _adjusted(comparison, tests)
    yield from _error(comparison)
    yield from _border(comparison, context)


def _means(comparison: Comparison, tests: Tests) -> str:
    label = label_of(comparison.outcome)
    means = " and ".join(
        f"{fixed(sample.mean, label.decimals)} ± {fixed(sample.sd, label.decimals)} in "
        f"{sample.group} (n = {sample.n})"
        for sample in (comparison.a, comparison.b)
    )
    a, b = comparison.groups
    return (
        f"Mean ± SD ({label.unit}) is {means}; the difference ({a} minus {b}) is "
        f"{fixed(comparison.mean_difference, label.decimals)}, 95 % confidence interval "
        f"{interval(tests.mean.ci95, label.decimals)} ({TEST_NAMES[tests.mean.name]}, p "
        f"{p_equals(tests.mean.t.p)}; after Holm's correction for "
        f"{comparison.family_tests} outcomes, p {p_equals(comparison.p_holm)})."
    )


def _other_tests(tests: Tests) -> Iterator[str]:
    """Compare the t test with tests that have fewer assumptions."""
    known: dict[str, float] = {}
    if tests.permutation:
        known["permutation"] = tests.permutation.p
    if tests.unpaired:
        known["Mann-Whitney"] = tests.unpaired.mann_whitney_p
    if tests.paired:
        known["Wilcoxon"] = tests.paired.wilcoxon_p
    if not known:
        return
    agree = all(_agree(p, tests.mean.t.p) for p in known.values())
    listed = ", ".join(f"{name} p {p_equals(p)}" for name, p in known.items())
    said = "agree" if agree else "do not all agree, so interpret this result with caution"
    yield f"Tests with fewer assumptions {said}: {listed}."


def _adjusted(comparison: Comparison, tests: Tests) -> Iterator[str]:
    adjustment = comparison.adjustment
    if adjustment is None or adjustment.result is None:
        return
    label, result = label_of(comparison.outcome), adjustment.result
    names = " and ".join(
        name.removesuffix("_kg").removesuffix("_mm").replace("_", " ")
        for name in adjustment.covariates
    )
    differs = "; its significance differs from that of the unadjusted difference"
    yield (
        f"Adjusted for {names}, the difference is {fixed(result.difference, label.decimals)} "
        f"{label.unit}, 95 % confidence interval {interval(result.ci95, label.decimals)} "
        f"(p {p_equals(result.p)}, {adjustment.n} participants)"
        f"{'' if _agree(result.p, tests.mean.t.p) else differs}."
    )


def _error(comparison: Comparison) -> Iterator[str]:
    if comparison.error is None:
        return
    label, error = label_of(comparison.outcome), comparison.error
    change = (
        f"the smallest detectable change of one foot (MDC95 "
        f"{fixed(error.mdc95, label.decimals)} {label.unit}, from {error.source})"
    )
    if comparison.is_below_mdc95:
        yield f"CAUTION: the difference is smaller than {change}."
    else:
        yield f"The difference is larger than {change}."


def _border(comparison: Comparison, context: Context) -> Iterator[str]:
    """Say how the result depends on the border."""
    moved = {
        other.offset_mm: other.comparison
        for other in context.moved
        if other.comparison.outcome == comparison.outcome
        and other.comparison.groups == comparison.groups
        and other.comparison.tests
    }
    shifts = {-BORDER_SHIFT_MM: "heel", BORDER_SHIFT_MM: "toes"}
    if not shifts.keys() <= moved.keys():
        return
    results = "; ".join(
        f"{BORDER_SHIFT_MM:.0f} mm toward the {end}, d = {_d(moved[mm])}, p "
        f"{p_equals(moved[mm].p)}"
        for mm, end in shifts.items()
    )
    same = all(_conclusion(moved[mm]) == _conclusion(comparison) for mm in shifts)
    said = "the conclusion is the same" if same else "THE CONCLUSION CHANGES"
    yield f"With the border moved {results}: {said}."


def _agree(p: float, other: float) -> bool:
    """Whether two p values lie on the same side of the significance level."""
    return (p < ALPHA) == (other < ALPHA)


def _conclusion(comparison: Comparison) -> int:
    """Give 1 or -1 where one group is significantly larger, else 0."""
    if comparison.p is None or comparison.p >= ALPHA:
        return 0
    return 1 if _difference(comparison) > 0 else -1


def _difference(comparison: Comparison) -> float:
    return comparison.mean_difference or 0.0


def _d(comparison: Comparison) -> str:
    return fixed(comparison.tests.effect.cohens_d if comparison.tests else None, 2)
