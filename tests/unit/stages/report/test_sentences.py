"""Comparisons in sentences."""

import re
from dataclasses import replace

import pytest
from comparisons import make_comparison, untested

from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.report.sentences import Context, explanation, verdict

MOVED = tuple(
    BorderComparison(mm, make_comparison(p, 3 * p))
    for mm, p in ((-5.0, 0.20), (0.0, 0.01), (5.0, 0.004))
)
NOBODY = untested("nobody measured in patient: no test")
OTHER_REGION = Outcome("forefoot", Quantity.VOLUME)
MUSCLE = Outcome("ABH", Quantity.VOLUME)


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        (make_comparison(0.01, 0.03), r"is larger in healthy than in patient\.$"),
        (make_comparison(difference=-4.0), r"is larger in patient than in healthy\.$"),
        (make_comparison(0.04, 0.12), r"but not significantly so after correction"),
        (make_comparison(0.40, 0.40), r"not evidence that there is no difference"),
        (NOBODY, r"could not be tested \(5 healthy and 0 patient measured\)"),
        (make_comparison(outcome=MUSCLE), r"^The abductor hallucis volume is larger"),
    ],
)
def test_sentences_say_no_more_than_the_test(comparison: Comparison, message: str) -> None:
    """A high p is not equality; a result lost by Holm's correction is said to be so."""
    assert re.search(message, verdict(comparison))


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        (make_comparison(), r"64.0 ± 2.0 in healthy \(n = 5\) and 60.0 ± 3.0 in patient"),
        (make_comparison(), r"difference \(healthy minus patient\) is 4.0, 95 % confidence"),
        (
            make_comparison(),
            r"\(Welch's t test, p = 0.010; after Holm's correction for 3 outcomes, p = 0.030",
        ),
        (make_comparison(), "detects a true d of 1.00 with 80 % power"),
        (make_comparison(), "fewer assumptions agree: permutation p = 0.020, Mann-Whitney"),
        (make_comparison(other_p=0.2), "do not all agree"),
        (make_comparison(), r"Adjusted for body mass and foot length, .* 9 participants\)\."),
        (make_comparison(adjusted_p=0.2), "its significance differs from that of the unadj"),
        (make_comparison(mdc95=5.0), "CAUTION: the difference is smaller"),
        (make_comparison(), "larger than the smallest detectable change of one foot"),
        (make_comparison(), "toward the heel, d = 1.20, p = 0.200"),
        (make_comparison(), "THE CONCLUSION CHANGES"),
        (make_comparison(0.2, 0.6, outcome=OTHER_REGION), r"change of one foot \(MDC95.*\.$"),
        (NOBODY, "^Reason: nobody measured in patient: no test.$"),
    ],
)
def test_an_explanation_follows_the_figures(comparison: Comparison, message: str) -> None:
    """Each limitation is stated where the numbers show it, in fixed message."""
    context = Context(moved=MOVED)

    assert re.search(message, explanation(comparison, context))


def test_a_conclusion_that_the_border_does_not_change_is_said_to_stay() -> None:
    """Both ends of the sweep agree with the measured border."""
    moved = [BorderComparison(mm, make_comparison()) for mm in (-5.0, 5.0)]

    text = explanation(make_comparison(), Context(moved=moved))

    assert text.endswith(
        "5 mm toward the toes, d = 1.20, p = 0.010: the conclusion is the same."
    )


def test_a_missing_adjustment_is_not_mentioned() -> None:
    """Nor is an unknown measurement error."""
    text = explanation(replace(make_comparison(), adjustment=None, error=None), Context())

    assert "Adjusted" not in text
    assert "MDC95" not in text
