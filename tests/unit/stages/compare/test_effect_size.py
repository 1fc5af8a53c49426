"""Effect sizes, their intervals, and the detectable effect."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from comparisons import first_row, two_groups
from numpy.typing import NDArray
from scipy import stats

from pipeline.stages.compare.effect_size import cohens_d, detectable_d, hedges_g


def standardised(values: Sequence[float], mean: float) -> NDArray[np.float64]:
    """Give the values with this mean and SD 1."""
    array = np.asarray(values, dtype=float)
    return np.asarray((array - array.mean()) / array.std(ddof=1) + mean)


def test_the_interval_of_d_inverts_the_noncentral_t_for_unequal_groups() -> None:
    """At either end, the observed t lies at 2.5 % of the noncentral t."""
    a, b = standardised((4, 9, 2, 7, 8, 1, 3), 0.9), standardised((6, 1, 2, 9), 0.2)

    d, ci95 = cohens_d(a, b)

    root_n = np.sqrt(7 * 4 / 11)
    assert ci95 is not None
    assert d == pytest.approx(0.7)
    assert stats.nct.sf(d * root_n, 9, ci95.low * root_n) == pytest.approx(0.025)
    assert stats.nct.cdf(d * root_n, 9, ci95.high * root_n) == pytest.approx(0.025)


def test_hedges_correction_is_the_exact_one() -> None:
    """By hand for df = 2: gamma(1) / (sqrt(1) gamma(1/2)) = 1 / sqrt(pi)."""
    assert hedges_g(1.0, 2) == pytest.approx(1 / np.sqrt(np.pi))


def test_groups_very_far_apart_have_no_interval_of_d() -> None:
    """Beyond t = 1000 the noncentral t cannot be inverted: n/a, and no warning."""
    row = first_row(two_groups((1e6, 1e6 + 1, 1e6 + 3), (1, 2, 4)))

    assert row["cohens_d"] == pytest.approx(999999 / np.sqrt(7 / 3))
    assert pd.isna(row["cohens_d_ci95_low"])
    assert pd.isna(row["cohens_d_ci95_high"])


def test_power_of_twenty_against_twenty() -> None:
    """R: power.t.test(n = 20, delta = 1) has power 0.8689528, so that power finds d = 1."""
    assert detectable_d(20, 20, 0.8689528) == pytest.approx(1.0, abs=1e-6)


def test_ten_against_ten_find_an_effect_of_1_32() -> None:
    """R: power.t.test(n = 10, power = 0.8) prints delta = 1.324947."""
    assert detectable_d(10, 10, 0.8) == pytest.approx(1.324947, abs=1e-6)
