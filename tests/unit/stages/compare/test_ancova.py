"""Differences adjusted for covariates."""

import pandas as pd
from comparisons import A, B, first_row, statistics_of, volumes_of


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
