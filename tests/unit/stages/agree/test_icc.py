"""Intraclass correlation agrees with the example of Shrout and Fleiss 1979."""

import numpy as np
import pytest

from pipeline.stages.agree.icc import MeanSquares, within_cv

# Shrout and Fleiss 1979, Table 2: six targets, four judges
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_the_mean_squares_are_the_printed_ones() -> None:
    """Table 3: BMS 11.24, JMS 32.49, EMS 1.02."""
    squares = MeanSquares.of(SHROUT_FLEISS)

    assert round(squares.targets, 2) == 11.24
    assert round(squares.raters, 2) == 32.49
    assert round(squares.residual, 2) == 1.02


def test_the_icc_is_the_printed_one() -> None:
    """Table 4: ICC(2,1) = .29."""
    icc = MeanSquares.of(SHROUT_FLEISS).icc()

    assert icc is not None
    assert round(icc, 2) == 0.29


def test_the_interval_is_that_of_r() -> None:
    """The function ICC of R's package psych prints 0.019 to 0.76 for these data."""
    interval = MeanSquares.of(SHROUT_FLEISS).icc_interval()

    assert interval is not None
    assert (round(interval[0], 3), round(interval[1], 2)) == (0.019, 0.76)


def test_the_other_forms_follow_from_the_same_mean_squares() -> None:
    """Table 4: ICC(3,1) = .71, ICC(2,4) = .62, ICC(3,4) = .91."""
    s = MeanSquares.of(SHROUT_FLEISS)

    consistent = (s.targets - s.residual) / (s.targets + 3 * s.residual)
    mean_of_four = (s.targets - s.residual) / (s.targets + (s.raters - s.residual) / 6)
    assert round(consistent, 2) == 0.71
    assert round(mean_of_four, 2) == 0.62
    assert round((s.targets - s.residual) / s.targets, 2) == 0.91


def test_a_shift_of_one_rater_is_error_not_noise() -> None:
    """With ratings 2 apart throughout, the variance of raters is half of 2 squared."""
    squares = MeanSquares.of([[10, 12], [20, 22], [30, 32]])

    assert squares.residual == pytest.approx(0)
    assert squares.sem() == pytest.approx(np.sqrt(2.0))
    assert squares.mdc95() == pytest.approx(1.96 * 2)
    assert squares.icc_interval() is None


def test_scaling_leaves_the_icc_and_scales_the_errors() -> None:
    """The ICC has no unit."""
    once, scaled = (
        MeanSquares.of(np.multiply(SHROUT_FLEISS, factor)) for factor in (1.0, 1000.0)
    )

    assert scaled.icc() == pytest.approx(once.icc())
    assert scaled.icc_interval() == pytest.approx(once.icc_interval())
    assert scaled.sem() == pytest.approx(1000 * once.sem())


def test_no_spread_at_all_gives_no_icc() -> None:
    """It is undefined, not NaN, where all values are equal."""
    squares = MeanSquares.of([[5, 5], [5, 5]])

    assert squares.icc() is None
    assert squares.sem() == 0


@pytest.mark.parametrize("ratings", [[[1.0, 2.0]], [[1.0], [2.0]]])
def test_one_target_or_one_rater_is_refused(ratings: list[list[float]]) -> None:
    """Agreement needs two of each."""
    with pytest.raises(ValueError, match="two targets and two raters"):
        MeanSquares.of(ratings)


def test_the_variation_within_targets_is_relative() -> None:
    """9 and 11 differ by SD sqrt(2) about 10; so do 90 and 110 about 100, in proportion."""
    assert within_cv([[9, 11], [90, 110]]) == pytest.approx(np.sqrt(2) / 10)
    assert within_cv([[-1, 1], [2, 3]]) is None
