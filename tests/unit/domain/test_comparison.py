"""What a comparison derives from its fields."""

from dataclasses import replace

import pytest
from comparisons import make_comparison, untested

from pipeline.domain.comparison import Sample


def test_the_difference_is_a_minus_b() -> None:
    """It is unknown where a group has no mean."""
    comparison = make_comparison(difference=-4.0)

    assert comparison.mean_difference == pytest.approx(-4.0)
    assert comparison.groups == ("healthy", "patient")
    assert replace(comparison, a=Sample("healthy", 0)).mean_difference is None


def test_p_is_that_of_the_test_of_means() -> None:
    """It is unknown where nothing was tested."""
    assert make_comparison(p=0.012).p == 0.012
    assert untested("nobody measured in patient: no test").p is None


@pytest.mark.parametrize(("mdc95", "is_below"), [(3.9, False), (4.1, True)])
def test_a_difference_is_compared_with_the_measurement_error(
    mdc95: float, is_below: bool
) -> None:
    """Whatever its sign, and only where both are known."""
    for difference in (4.0, -4.0):
        comparison = make_comparison(difference=difference, mdc95=mdc95)
        assert comparison.is_below_mdc95 is is_below
    assert replace(comparison, error=None).is_below_mdc95 is None
    assert replace(comparison, b=Sample("patient", 0)).is_below_mdc95 is None
