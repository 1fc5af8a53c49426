"""The result of the main family in one sentence."""

from dataclasses import replace

from comparisons import make_comparison, untested

from pipeline.domain.comparison import Comparison, Sample
from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.report.finding import finding

MAIN = Quantity.PER_BODY_MASS


def of_region(region: str, p_holm: float, difference: float = 4.0) -> Comparison:
    """Make a comparison of the main family."""
    outcome = Outcome(region, MAIN)
    return make_comparison(p_holm / 3, p_holm, difference=difference, outcome=outcome)


def test_what_is_larger_is_said_apart_from_what_does_not_differ() -> None:
    """Each with its effect size and corrected p, in one sentence."""
    family = (
        of_region("rearfoot", 0.012),
        of_region("forefoot", 0.6),
        of_region("total", 0.03, difference=-4.0),
        make_comparison(),  # of another family
    )

    assert finding(family, MAIN) == (
        "The volume per body mass is larger in healthy than in patient in rearfoot (rearfoot "
        "d = 1.20, p = 0.012), and larger in patient than in healthy in total (total d = 1.20, "
        "p = 0.030), and not significantly different in forefoot (forefoot d = 1.20, p = "
        "0.600); p after Holm's correction."
    )


def test_no_significance_is_not_called_equality() -> None:
    """All outcomes are listed."""
    said = finding((of_region("rearfoot", 0.2), of_region("total", 0.3)), MAIN)

    assert "does not differ significantly between healthy and patient, which is not" in said
    assert "(rearfoot d = 1.20, p = 0.200; total d = 1.20, p = 0.300; p after" in said


def test_many_groups_are_counted() -> None:
    """The clearest differences are named."""
    pairs = [
        replace(of_region("total", p), b=Sample(name, 5, 60.0, 3.0))
        for name, p in (("b", 0.001), ("c", 0.002), ("d", 0.003), ("e", 0.004), ("f", 0.5))
    ]

    said = finding(pairs, MAIN)

    assert said.startswith("Of 5 comparisons of the volume per body mass between two groups, 4")
    assert "total, healthy minus b (d = 1.20, p = 0.001); total, healthy minus c" in said
    assert said.endswith("; and 1 more.")
    assert "not evidence" in finding([replace(pair, p_holm=1.0) for pair in pairs], MAIN)


def test_an_untested_family_gives_its_reason() -> None:
    """Another family is not put in its place."""
    nobody = replace(
        untested("no body mass known: no test"),
        outcome=Outcome("total", MAIN),
        b=Sample("patient", 3),
    )

    assert finding((nobody, make_comparison()), MAIN) == (
        "The volume per body mass could not be tested: no body mass known: no test."
    )


def test_without_a_second_group_there_is_no_finding() -> None:
    """Nor without any group."""
    assert finding((untested("nobody in patient"),), MAIN) == ""
    assert finding((), MAIN) == ""
