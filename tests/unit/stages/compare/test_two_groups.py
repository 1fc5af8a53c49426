"""Tests of two groups agree with R."""

from collections.abc import Sequence

import numpy as np
import pytest
from comparisons import SLEEP_A, SLEEP_B, first_row, two_groups, volumes_of
from numpy.typing import NDArray

from pipeline.settings.compare import CompareParams


def standardised(values: Sequence[float], mean: float) -> NDArray[np.float64]:
    """Give the values with this mean and SD 1."""
    array = np.asarray(values, dtype=float)
    return np.asarray((array - array.mean()) / array.std(ddof=1) + mean)


def test_welch_agrees_with_the_published_sleep_data() -> None:
    """R prints t = -1.8608, df = 17.776, p = 0.07939, -3.3654832 to 0.2054832."""
    row = first_row(two_groups(SLEEP_A, SLEEP_B))

    assert (row["n_a"], row["n_b"], row["test"]) == (10, 10, "welch")
    assert row["mean_a"] == pytest.approx(0.75)
    assert row["mean_b"] == pytest.approx(2.33)
    assert row["mean_difference"] == pytest.approx(-1.58)
    assert row["statistic"] == pytest.approx(-1.8608, abs=5e-5)
    assert row["df"] == pytest.approx(17.776, abs=5e-4)
    assert row["p"] == pytest.approx(0.07939, abs=5e-6)
    assert row["ci95_low"] == pytest.approx(-3.3654832, abs=5e-8)
    assert row["ci95_high"] == pytest.approx(0.2054832, abs=5e-8)


def test_rank_normality_and_effect_size_agree_with_the_sleep_data() -> None:
    """R prints W p = 0.06933, Shapiro p = 0.4079 and 0.3511, d = -0.83 [-1.74, 0.10]."""
    row = first_row(two_groups(SLEEP_A, SLEEP_B))

    assert row["mann_whitney_p"] == pytest.approx(0.06933, abs=5e-6)
    assert row["shapiro_p_a"] == pytest.approx(0.4079, abs=5e-5)
    assert row["shapiro_p_b"] == pytest.approx(0.3511, abs=5e-5)
    assert row["cohens_d"] == pytest.approx(-0.83, abs=0.005)
    assert row["cohens_d_ci95_low"] == pytest.approx(-1.74, abs=0.005)
    assert row["cohens_d_ci95_high"] == pytest.approx(0.10, abs=0.005)


def test_student_pools_the_variances() -> None:
    """With it, df are n - 2 and R prints p = 0.07919."""
    row = first_row(two_groups(SLEEP_A, SLEEP_B), CompareParams(test="student"))

    assert (row["test"], row["df"]) == ("student", 18)
    assert row["p"] == pytest.approx(0.07919, abs=5e-6)


def test_an_effect_of_1_13_in_ten_against_ten_is_t_2_527() -> None:
    """The effect that Cheung 2016 reports for the rearfoot."""
    healthy, patients = standardised(SLEEP_A, 1.13), standardised(SLEEP_B, 0.0)

    row = first_row(two_groups(healthy.tolist(), patients.tolist()))

    assert row["cohens_d"] == pytest.approx(1.13)
    assert row["statistic"] == pytest.approx(2.527, abs=5e-4)
    assert row["hedges_g"] == pytest.approx(1.13 * 0.95765, abs=1e-5)


def test_two_against_two_can_be_tested() -> None:
    """The t test of R: t.test(c(5, 7), c(1, 2)) has t = 4.0249, df = 1.4706."""
    row = first_row(volumes_of({"healthy": (5.0, 7.0), "pf": (1.0, 2.0)}))

    assert row["statistic"] == pytest.approx(4.5 / np.sqrt(1.25))
    assert row["df"] == pytest.approx(1.25**2 / (1 + 0.0625))
    assert row["permutation_p"] == pytest.approx(2 / 6)
    assert "4 participants with known covariates for 4 unknowns" in row["note"]
