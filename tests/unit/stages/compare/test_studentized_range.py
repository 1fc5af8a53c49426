"""The studentised range."""

import pytest
from scipy import stats

from pipeline.stages.compare.studentized_range import upper_tail


@pytest.mark.parametrize(
    ("groups", "df", "q"),
    [
        *((3, 1.0, 5.0), (3, 1.3, 26.9), (4, 5.5, 3.0), (6, 1.05, 100.0), (9, 30.2, 4.5)),
        *((10, 2.0, 14.0), (3, 200.0, 3.3), (5, 12.5, 15.0), (10, 9.3, 0.4), (3, 5e3, 3.3)),
    ],
)
def test_the_studentised_range_agrees_with_scipy(groups: int, df: float, q: float) -> None:
    """For few and many groups and degrees of freedom, and small and large ranges."""
    expected = stats.studentized_range.sf(q, groups, df)

    assert upper_tail(q, groups, df) == pytest.approx(expected, abs=1e-11)
