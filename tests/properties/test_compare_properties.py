"""What must hold of the comparison for any volumes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.domain.outcome_keys import OUTCOME_KEYS
from pipeline.stages.compare import CompareParams, compare

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
    """Give a table in which every outcome holds the same values."""
    return pd.DataFrame(
        {
            "group": ["healthy"] * len(a) + ["patient"] * len(b),
            "status": "ok",
            "body_mass_kg": [55 + 3.5 * (k * k % 7) for k in range(len(a + b))],
            "foot_length_mm": [230 + 2.5 * (k * k % 11) for k in range(len(a + b))],
            **dict.fromkeys(OUTCOME_KEYS, a + b),
        }
    )


def numbers(frame: pd.DataFrame, columns: list[str]) -> NDArray[np.float64]:
    """Give columns as floats, NaN where missing."""
    return frame[columns].astype(float).to_numpy()


@settings(deadline=None, max_examples=12)
@given(group, group)
def test_swapping_the_groups_flips_signs_only(a: list[float], b: list[float]) -> None:
    """Which group is the reference is a matter of words."""
    volumes = volumes_of(a, b)

    one = compare(volumes, CompareParams(reference="healthy"))
    other = compare(volumes, CompareParams(reference="patient"))

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
    """Effect sizes and p values know no unit."""
    volumes = volumes_of(a, b)
    rescaled = volumes.assign(
        **{outcome: volumes[outcome] * factor for outcome in OUTCOME_KEYS}
    )

    before, after = (compare(v, CompareParams()) for v in (volumes, rescaled))

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
    """A participant who failed moves no number."""
    volumes = volumes_of(a, b)
    more = volumes_of(failed, failed).assign(status="failed")

    together = compare(pd.concat([more, volumes]).reset_index(drop=True), CompareParams())

    pd.testing.assert_frame_equal(together, compare(volumes, CompareParams()))


@settings(deadline=None, max_examples=12)
@given(group, group)
def test_every_interval_holds_its_estimate(a: list[float], b: list[float]) -> None:
    """And 0 lies outside the interval of the difference exactly when p < 0.05."""
    row = compare(volumes_of(a, b), CompareParams()).iloc[0]

    if pd.notna(row["p"]):
        assert row["ci95_low"] <= row["mean_difference"] <= row["ci95_high"]
        assert (row["p"] < 0.05) == (row["ci95_low"] > 0 or row["ci95_high"] < 0)
        if pd.notna(row["cohens_d_ci95_low"]):
            assert row["cohens_d_ci95_low"] < row["cohens_d"] < row["cohens_d_ci95_high"]
            assert row["hedges_g"] == pytest.approx(row["cohens_d"], rel=0.5)
