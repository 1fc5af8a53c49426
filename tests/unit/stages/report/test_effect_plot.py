"""The plot of effect sizes."""

from comparisons import check_plot, make_comparison, untested

from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.report.effect_plot import plot_effects

TOTAL = Outcome("total", Quantity.PER_BODY_MASS)


def test_muscles_come_below_the_regions() -> None:
    """In the order of the labels, whatever the order of the comparisons."""
    muscle = make_comparison(outcome=Outcome("ABH", Quantity.PER_BODY_MASS))
    plot = plot_effects((muscle, make_comparison(outcome=TOTAL)))

    svg = check_plot(plot, "total", "abductor hallucis (ABH)", "healthy minus patient").svg
    assert svg.index(b"<!-- total -->") < svg.index(b"<!-- abductor hallucis (ABH) -->")


def test_each_effect_has_its_values_beside_it() -> None:
    """Effect size with its interval, p, and the corrected p."""
    comparison = make_comparison(0.0004, 0.0121, outcome=TOTAL)

    check_plot(plot_effects((comparison,)), "1.20 (0.20 to 2.20), &lt; 0.001, 0.012")


def test_volumes_are_plotted_where_no_body_mass_is_known() -> None:
    """The axis says which."""
    label = (
        "Cohen's d of volume with 95 % confidence interval; "
        "positive where the first group is larger"
    )

    check_plot(plot_effects((make_comparison(),)), label)


def test_without_effects_there_is_no_effect_plot() -> None:
    """Where nothing was tested."""
    assert plot_effects((untested("nobody measured in patient: no test"),)) is None


def test_the_effect_plot_is_the_same_each_time() -> None:
    """Two drawings have the same bytes."""
    once, again = (plot_effects((make_comparison(),)) for _ in range(2))

    assert check_plot(once) == again
