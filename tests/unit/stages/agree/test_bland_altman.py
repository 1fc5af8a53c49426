"""Limits of agreement agree with the example of Bland and Altman 1986."""

import pytest

from pipeline.stages.agree.bland_altman import BlandAltman, bland_altman

# Bland and Altman 1986, Table 1, first measurements: peak flow in l/min of 17 people
LARGE = [
    *(494, 395, 516, 434, 476, 557, 413, 442, 650),
    *(433, 417, 656, 267, 478, 178, 423, 427),
]
MINI = [
    *(512, 430, 520, 428, 500, 600, 364, 380, 658),
    *(445, 432, 626, 260, 477, 259, 350, 451),
]


@pytest.fixture
def printed() -> BlandAltman:
    """Analyse their data as they did, with 2 SDs."""
    return bland_altman(LARGE, MINI, multiple=2)


def test_bias_sd_and_limits_are_the_printed_ones(printed: BlandAltman) -> None:
    """Mean difference -2.1, SD 38.8, limits -79.7 and 75.5 l/min.

    They made the limits of the rounded figures, so that is done here, too; those of the
    figures as they are lie within the rounding.
    """
    bias, sd = round(printed.bias, 1), round(printed.sd, 1)
    assert (printed.n, bias, sd) == (17, -2.1, 38.8)
    assert (round(bias - 2 * sd, 1), round(bias + 2 * sd, 1)) == (-79.7, 75.5)
    assert (printed.low, printed.high) == pytest.approx((-79.7, 75.5), abs=0.1)


def test_the_intervals_are_the_printed_ones(printed: BlandAltman) -> None:
    """Bias -22.0 to 17.8; lower limit -114.3 to -45.1; upper limit 40.9 to 110.1 l/min."""
    assert tuple(round(end, 1) for end in printed.bias_ci95) == (-22.0, 17.8)
    ends = (*printed.low_ci95, *printed.high_ci95)
    # from rounded limits, t = 2.12 and of a standard error of 16.3
    assert ends == pytest.approx((-114.3, -45.1, 40.9, 110.1), abs=0.2)


def test_1_96_is_the_default_and_lies_within_2() -> None:
    """The limits are narrower than with 2 SDs."""
    found = bland_altman(LARGE, MINI)

    assert found.high - found.bias == pytest.approx(1.96 * found.sd)


def test_swapping_the_methods_flips_the_signs() -> None:
    """Limits change places and signs."""
    there, back = bland_altman(LARGE, MINI), bland_altman(MINI, LARGE)

    assert back.bias == pytest.approx(-there.bias)
    assert back.low_ci95 == pytest.approx([-end for end in reversed(there.high_ci95)])


def test_one_pair_is_refused() -> None:
    """One difference has no spread."""
    with pytest.raises(ValueError, match="two pairs"):
        bland_altman([1.0], [2.0])
