"""Differences adjusted for covariates."""

import pandas as pd
import pytest
from comparisons import A, B, first_row, statistics_of, volumes_of

from pipeline.settings.compare import CompareParams

# Blood pressure by group and age, J. Naranjo, Western Michigan University, STAT 6620,
# "Analysis of Covariance (ANACOVA)", output of SAS
PRESSURE = {
    "Treatment": ((30, 35, 35, 40, 40, 45), (120, 128, 132, 138, 142, 150)),
    "Placebo": ((20, 25, 30, 35), (110, 118, 132, 140)),
}


def test_missing_masses_leave_absolute_volumes_alone() -> None:
    """Outcomes per kg and adjusted differences have fewer participants."""
    volumes = volumes_of({"healthy": A, "pf": B})
    volumes.loc[[0, 6], ["body_mass_kg", "rearfoot_mm3_per_kg"]] = None

    rows = statistics_of(volumes).set_index("outcome")

    counts = rows[["n_a", "n_b", "n_adjusted"]].T
    assert counts["rearfoot_cm3"].tolist() == [5, 5, 8]
    assert counts["rearfoot_mm3_per_kg"].tolist()[:2] == [4, 4]


def test_a_mass_that_separates_the_groups_cannot_be_adjusted_for() -> None:
    """All patients are heavy; a note says so instead of a number."""
    volumes = volumes_of({"healthy": A, "pf": B}, body_mass_kg=[60.0] * 5 + [80.0] * 5)

    row = first_row(volumes)

    assert pd.isna(row["adjusted_difference"])
    assert "group and covariates cannot be told apart" in row["note"]


def test_blood_pressure_adjusted_for_age() -> None:
    """SAS prints -10.38095 with SE 1.64051, t = -6.33, p = 0.0004; unadjusted it is +10."""
    pressures = {name: mmhg for name, (_, mmhg) in PRESSURE.items()}
    ages = [age for ages, _ in PRESSURE.values() for age in ages]
    params = CompareParams(reference="Treatment", covariates=("age",))

    row = first_row(volumes_of(pressures, age=ages), params)

    t_95 = 2.364624  # 7 degrees of freedom
    assert (row["n_adjusted"], row["covariates"]) == (10, "age")
    assert row["mean_difference"] == pytest.approx(10.0)
    assert row["adjusted_difference"] == pytest.approx(-10.38095, abs=6e-6)
    assert row["adjusted_p"] == pytest.approx(0.0004, abs=6e-5)
    half_width = (row["adjusted_ci95_high"] - row["adjusted_ci95_low"]) / 2
    assert half_width / t_95 == pytest.approx(1.64051, abs=6e-6)
