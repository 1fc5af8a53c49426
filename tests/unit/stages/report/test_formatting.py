"""Numbers as text."""

import numpy as np
import pytest

from pipeline.domain.comparison import Interval
from pipeline.stages.report.formatting import fixed, interval, p_equals, p_value


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (np.nan, "n/a"), (3.14159, "3.1"), (-0.04, "0.0"), (-2.0, "\u22122.0")],
)
def test_numbers_are_fixed_and_missing_ones_named(value: float | None, text: str) -> None:
    """A missing number is n/a, and there is no minus zero."""
    assert fixed(value) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "< 0.001"), (0.0235, "= 0.024"), (None, "n/a")]
)
def test_small_p_values_are_not_zero(p: float | None, text: str) -> None:
    """A p of 0.000 is never shown."""
    assert p_equals(p) == text
    assert p_value(p) == text.removeprefix("= ")


def test_an_interval_has_two_ends() -> None:
    """Or is unknown at both."""
    assert interval(Interval(-1.25, 2.0), 1) == "\u22121.2 to 2.0"
    assert interval(None, 1) == "n/a to n/a"
