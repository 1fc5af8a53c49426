"""Properties of the comparison that hold for any volumes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.domain.outcomes import OUTCOMES
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import statistics_table

pytestmark = pytest.mark.integration

SIGNED = [
    *("mean_difference", "statistic", "cohens_d", "hedges_g", "welch_t", "student_t"),
    "adjusted_difference",
]
UNSIGNED = [
    *("df", "p", "p_holm", "mann_whitney_p", "welch_p", "student_p", "permutation_p"),
    *("levene_p", "detectable_d", "n_adjusted", "adjusted_p", "family_tests"),
]
IN_UNITS = [
    *("mean_a", "sd_a", "mean_b", "sd_b", "mean_difference", "ci95_low", "ci95_high"),
    *("median_a", "iqr_a", "median_b", "iqr_b", "adjusted_difference"),
    *("adjusted_ci95_low", "adjusted_ci95_high"),
]
UNITLESS = [
    *("n_a", "n_b", "statistic", *UNSIGNED, "cohens_d", "cohens_d_ci95_low"),
    *("cohens_d_ci95_high", "hedges_g", "shapiro_p_a", "shapiro_p_b"),
]

# volumes of feet in tenths of a cm3: whatever differs, differs by more than rounding
group = st.lists(st.integers(200, 3000), min_size=1, max_size=7).map(
    lambda tenths: [t / 10 for t in tenths]
)


def volumes_of(a: list[float], b: list[float]) -> pd.DataFrame:
    """Make a table in which every outcome has the same values."""
    return pd.DataFrame(
        {
            "group": ["healthy"] * len(a) + ["patient"] * len(b),
            "status": "ok",
            "body_mass_kg": [55 + 3.5 * (k * k % 7) for k in range(len(a + b))],
            "foot_length_mm": [230 + 2.5 * (k * k % 11) for k in range(len(a + b))],
            **dict.fromkeys(OUTCOMES, a + b),
        }
    )


def statistics_of(volumes: pd.DataFrame, reference: str = "healthy") -> pd.DataFrame:
    """Compare, and give the rows of statistics.tsv."""
    return statistics_table(compare(volumes, CompareParams(reference=reference)))


def numbers(frame: pd.DataFrame, columns: list[str]) -> NDArray[np.float64]:
    """Give columns as floats, NaN where missing."""
    return frame[columns].astype(float).to_numpy()


@settings(deadline=None, max_examples=12)
@given(group, group)
def test_swapping_the_groups_flips_signs_only(a: list[float], b: list[float]) -> None:
    """The choice of the reference affects nothing else."""
    volumes = volumes_of(a, b)

    one = statistics_of(volumes, "healthy")
    other = statistics_of(volumes, "patient")

    np.testing.assert_allclose(numbers(other, SIGNED), -numbers(one, SIGNED))
    np.testing.assert_allclose(numbers(other, UNSIGNED), numbers(one, UNSIGNED))
    for low, high in (
        ("ci95_low", "ci95_high"),
        ("cohens_d_ci95_low", "cohens_d_ci95_high"),
        ("hedges_g_ci95_low", "hedges_g_ci95_high"),
        ("adjusted_ci95_low", "adjusted_ci95_high"),
    ):
        np.testing.assert_allclose(
            numbers(other, [low, high]), -numbers(one, [high, low]), atol=1e-9
        )
    for a_side, b_side in (("mean_a", "mean_b"), ("sd_a", "sd_b"), ("iqr_a", "iqr_b")):
        np.testing.assert_array_equal(
            numbers(other, [a_side, b_side]), numbers(one, [b_side, a_side])
        )


@settings(deadline=None, max_examples=12)
@given(group, group, st.sampled_from([0.001, 0.7, 16.387, 1000.0]))
def test_another_unit_scales_means_and_leaves_effects(
    a: list[float], b: list[float], factor: float
) -> None:
    """Effect sizes and p values have no unit."""
    volumes = volumes_of(a, b)
    rescaled = volumes.assign(**{outcome: volumes[outcome] * factor for outcome in OUTCOMES})

    before, after = (statistics_of(v) for v in (volumes, rescaled))

    np.testing.assert_allclose(
        numbers(after, IN_UNITS), factor * numbers(before, IN_UNITS), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(
        numbers(after, UNITLESS), numbers(before, UNITLESS), rtol=1e-6, atol=1e-9
    )


@settings(deadline=None, max_examples=12)
@given(group, group, st.lists(st.floats(1, 500), min_size=1, max_size=4))
def test_failed_rows_equal_absent_rows(
    a: list[float], b: list[float], failed: list[float]
) -> None:
    """A participant who failed changes no number."""
    volumes = volumes_of(a, b)
    more = volumes_of(failed, failed).assign(status="failed")

    together = compare(pd.concat([more, volumes]).reset_index(drop=True), CompareParams())

    assert together == compare(volumes, CompareParams())


@settings(deadline=None, max_examples=12)
@given(group, group)
def test_every_interval_contains_its_estimate(a: list[float], b: list[float]) -> None:
    """The interval of the difference excludes 0 exactly when p < 0.05."""
    row = statistics_of(volumes_of(a, b)).iloc[0]

    if pd.notna(row["p"]):
        assert row["ci95_low"] <= row["mean_difference"] <= row["ci95_high"]
        assert (row["p"] < 0.05) == (row["ci95_low"] > 0 or row["ci95_high"] < 0)
        if pd.notna(row["cohens_d_ci95_low"]):
            assert row["cohens_d_ci95_low"] < row["cohens_d"] < row["cohens_d_ci95_high"]
            assert row["hedges_g"] == pytest.approx(row["cohens_d"], rel=0.5)
