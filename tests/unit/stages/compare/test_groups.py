"""Groups compared in each outcome."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from comparisons import (
    MASSES,
    SLEEP_A,
    SLEEP_B,
    A,
    B,
    first_row,
    statistics_of,
    two_groups,
    volumes_of,
)
from statsmodels.stats.multitest import multipletests

from pipeline.domain.outcomes import MUSCLE_OUTCOMES, OUTCOMES
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare


def test_holm_corrects_within_absolute_and_within_per_kg() -> None:
    """The smallest p is multiplied by three, the next by two, the largest by one."""
    volumes = two_groups(SLEEP_A, SLEEP_B)
    volumes["forefoot_cm3"] += np.where(volumes["group"] == "healthy", -2.0, 0.0)
    volumes["total_cm3"] += np.where(volumes["group"] == "healthy", 1.5, 0.0)

    rows = statistics_of(volumes).set_index("outcome")
    p, holm = rows["p"], rows["p_holm"]

    assert holm["forefoot_cm3"] == pytest.approx(3 * p["forefoot_cm3"])
    assert holm["rearfoot_cm3"] == pytest.approx(2 * p["rearfoot_cm3"])
    assert holm["total_cm3"] == pytest.approx(p["total_cm3"])
    assert holm["total_mm3_per_kg"] == pytest.approx(3 * p["total_mm3_per_kg"])
    absolute = list(OUTCOMES[:3])
    published = multipletests(p[absolute].astype(float), method="holm")[1]
    np.testing.assert_allclose(holm[absolute].astype(float), published)


def test_holm_counts_only_the_outcomes_that_could_be_tested() -> None:
    """An outcome without a p does not affect the others."""
    volumes = two_groups(SLEEP_A, SLEEP_B)
    volumes["total_cm3"] = None

    rows = statistics_of(volumes).set_index("outcome")

    assert pd.isna(rows["p_holm"]["total_cm3"])
    assert rows["p_holm"]["rearfoot_cm3"] == pytest.approx(2 * rows["p"]["rearfoot_cm3"])


INFERENCE = [
    *("ci95_low", "ci95_high", "test", "statistic", "df", "p", "p_holm", "cohens_d"),
    *("cohens_d_ci95_low", "cohens_d_ci95_high", "hedges_g", "mann_whitney_p"),
]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((5.0, 7.0, 8.0), (4.0,)),
        ((5.0, 7.0, 8.0), (4.0, 4.0, 4.0)),
        ((6.1, 6.1), (6.1, 6.1)),
        ((5.0, 7.0, 8.0), (4.0, 4.0 + 1e-15)),
        ((5.0, 7.0), (None, None)),
    ],
    ids=["one alone", "no spread", "all the same", "rounding", "none measured"],
)
def test_what_cannot_be_tested_is_missing_without_a_warning(
    a: Sequence[float | None], b: Sequence[float | None]
) -> None:
    """Means are given, every test and effect size is n/a."""
    row = first_row(two_groups(a, b))

    assert row["mean_a"] == pytest.approx(np.mean([v for v in a if v is not None]))
    assert row[INFERENCE].isna().all()


def test_one_group_alone_has_its_means_only() -> None:
    """The other group has n = 0, and its values are n/a."""
    row = first_row(two_groups((5.0, 7.0, 9.0), ()))

    assert (row["n_a"], row["mean_a"], row["sd_a"], row["n_b"]) == (3, 7.0, 2.0, 0)
    assert row[["group_b", "mean_b", "sd_b", "mean_difference", *INFERENCE]].isna().all()


def test_participants_without_a_group_are_in_none() -> None:
    """With one group, the other has nobody."""
    volumes = volumes_of({"healthy": A}, group=["healthy"] * 4 + [None])

    row = first_row(volumes)

    assert (row["n_a"], row["n_b"]) == (4, 0)
    assert pd.isna(row["mean_b"])


def test_patients_alone_stay_group_b() -> None:
    """Without healthy participants the columns are not swapped."""
    row = first_row(two_groups((), (5.0, 7.0, 9.0)))

    assert (row["group_a"], row["n_a"]) == ("healthy", 0)
    assert (row["group_b"], row["n_b"], row["mean_b"]) == ("plantar_fasciitis", 3, 7.0)


def test_a_group_that_failed_altogether_is_still_named() -> None:
    """Its n is 0."""
    volumes = two_groups((5.0, 7.0), (None, None))
    volumes.loc[2:, "status"] = "failed"

    row = first_row(volumes)

    assert (row["group_b"], row["n_b"]) == ("plantar_fasciitis", 0)


def test_only_rows_that_are_ok_count() -> None:
    """A failed row with a number in it, or one without a group, changes nothing."""
    volumes = two_groups(SLEEP_A, SLEEP_B)
    others = pd.DataFrame(
        {
            "group": ["healthy", None],
            "status": ["failed", "ok"],
            "body_mass_kg": None,
            "foot_length_mm": None,
            **dict.fromkeys(OUTCOMES, (99.0, 98.0)),
        }
    )

    with_others = compare(pd.concat([volumes, others], ignore_index=True), CompareParams())

    assert with_others == compare(volumes, CompareParams())


def test_groups_may_be_numbers() -> None:
    """A column of 0 and 1 beside a missing cell is read as the names 0 and 1."""
    volumes = two_groups((5.0, 7.0, 9.0), (6.0, 8.0, None))
    volumes["group"] = [0.0, 0.0, 0.0, 1.0, 1.0, np.nan]

    row = first_row(volumes, CompareParams(reference="0"))

    assert (row["group_a"], row["group_b"], row["n_a"], row["n_b"]) == ("0", "1", 3, 2)


def test_the_order_of_the_rows_does_not_matter() -> None:
    """The result is the same to the last bit."""
    volumes = two_groups(SLEEP_A, SLEEP_B).assign(body_mass_kg=None)

    turned = volumes.iloc[::-1].reset_index(drop=True)

    assert compare(volumes, CompareParams()) == compare(turned, CompareParams())


@pytest.mark.integration
def test_comparing_does_not_load_the_plotting_library() -> None:
    """Settings and commands import this stage, so the import must be quick."""
    script = "import sys, pipeline.stages.compare; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_muscles_are_families_of_their_own() -> None:
    """Holm's correction counts the muscles that were measured, here two."""
    values = [*A, *B]
    columns = {"ABH_total_cm3": values, "QP_total_cm3": [v * v for v in values]}
    rows = statistics_of(volumes_of({"healthy": A, "pf": B}, **columns), CompareParams())

    muscles = rows[~rows["outcome"].isin(OUTCOMES)].set_index("outcome")
    assert set(muscles.index) < {outcome.column for outcome in MUSCLE_OUTCOMES}
    assert muscles["family"].tolist() == [
        *["muscles, absolute"] * 2,
        *["muscles, per body mass"] * 2,
    ]
    assert set(muscles["family_tests"]) == {2}
    per_kg = 1000 * np.array(A) / np.array(MASSES[:5])
    assert muscles.loc["ABH_total_mm3_per_kg", "mean_a"] == pytest.approx(per_kg.mean())
    assert rows["p_holm"].iloc[0] == pytest.approx(min(1, 3 * rows["p"].iloc[0]))
