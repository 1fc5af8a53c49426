"""The comparison says what textbooks say, and n/a where they say nothing."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError, ConfigError
from pipeline.stages.compare import (
    OUTCOMES,
    STATISTICS_COLUMNS,
    VOLUME_COLUMNS,
    CompareParams,
    compare,
    volume_row,
)
from pipeline.stages.compare.effect_size import cohens_d, hedges_g

# Student 1908, hours of sleep gained under two drugs; results as R 4 prints them
SLEEP_A = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SLEEP_B = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def volumes_of(a: Sequence[float | None], b: Sequence[float | None]) -> pd.DataFrame:
    """Give a table in which every outcome holds the same values."""
    values = [*a, *b]
    return pd.DataFrame(
        {
            "group": ["healthy"] * len(a) + ["plantar_fasciitis"] * len(b),
            "status": "ok",
            "body_mass_kg": None,
            "foot_length_mm": None,
            **dict.fromkeys(OUTCOMES, values),
        }
    )


def first_row(volumes: pd.DataFrame, params: CompareParams | None = None) -> pd.Series:
    """Give the statistics of the first outcome."""
    return compare(volumes, params or CompareParams()).iloc[0]


def table_of(**changes: float | None) -> MeasurementTable:
    """Give one muscle: 7 cm3 in the rearfoot, 3 in the forefoot, 8 of 10 contractile."""
    volumes = {"rearfoot": 7000.0, "forefoot": 3000.0, "total": 10000.0} | changes
    rows = tuple(
        Measurement(
            "FDB", region, mm3, None if mm3 is None else 0.8 * mm3, 0.2, 190.0, 61.0, 88.0
        )
        for region, mm3 in volumes.items()
    )
    return MeasurementTable(
        rows=rows,
        muscles=("FDB",),
        side=Side.RIGHT,
        segmenter="network",
        border=Border("tmt1", 131.5),
        border_sensitivity_cm3_per_mm=0.63,
        foot_length_mm=241.0,
        cautions=(Caution("truncated", "It is cut.", "measure"),),
    )


def row_of(
    table: MeasurementTable | None,
    mass: float | None = 62.5,
    status: str = "ok",
    reason: str | None = None,
) -> dict[str, object]:
    """Give the row of one participant."""
    return volume_row(
        Participant("07", "healthy", mass, Side.RIGHT),
        table,
        status=status,
        reason=reason,
        footvol_version="0.1.0",
        run_id="r1",
        scan_sha256="ab12",
    )


def test_the_columns_are_those_of_the_contract_in_order() -> None:
    """Users rely on the names and on their order."""
    volume_names = (
        "participant_id group side body_mass_kg foot_length_mm rearfoot_cm3 forefoot_cm3 "
        "total_cm3 rearfoot_mm3_per_kg forefoot_mm3_per_kg total_mm3_per_kg contractile_cm3 "
        "fat_fraction border muscles segmenter status cautions "
    )
    statistics_names = (
        "outcome group_a group_b n_a n_b mean_a sd_a mean_b sd_b mean_difference ci95_low "
        "ci95_high test statistic df p p_holm cohens_d cohens_d_ci95_low cohens_d_ci95_high "
        "hedges_g mann_whitney_p shapiro_p_a shapiro_p_b"
    )

    assert " ".join(VOLUME_COLUMNS).startswith(volume_names)
    assert list(VOLUME_COLUMNS)[-3:] == ["footvol_version", "run_id", "scan_sha256"]
    assert " ".join(STATISTICS_COLUMNS).startswith(f"{statistics_names} ")
    found = compare(volumes_of((1, 2), (3, 5)), CompareParams())
    assert list(found.columns) == list(STATISTICS_COLUMNS)


def test_a_row_holds_volumes_absolute_and_per_body_mass() -> None:
    """10 cm3 over 62.5 kg are 160 mm3/kg; a fifth of it is fat."""
    row = row_of(table_of())

    assert list(row) == list(VOLUME_COLUMNS)
    expected = {
        "participant_id": "sub-07",
        "side": "right",
        "rearfoot_cm3": 7.0,
        "forefoot_cm3": 3.0,
        "rearfoot_mm3_per_kg": 112.0,
        "total_mm3_per_kg": 160.0,
        "contractile_cm3": 8.0,
        "fat_fraction": pytest.approx(0.2),
        "forefoot_share": 0.3,
        "border": "tmt1",
        "border_position_mm": 131.5,
        "border_sensitivity_cm3_per_mm": 0.63,
        "muscles": "FDB",
        "cautions": "truncated",
        "scan_sha256": "ab12",
    }
    assert {name: row[name] for name in expected} == expected


def test_a_missing_body_mass_leaves_per_kg_unknown_and_says_so() -> None:
    """Absolute volumes stay; a caution joins those of the measurement."""
    row = row_of(table_of(), mass=None)

    assert row["total_cm3"] == 10.0
    assert [row[f"{r}_mm3_per_kg"] for r in ("rearfoot", "forefoot", "total")] == [None] * 3
    assert row["cautions"] == "truncated;body-mass-missing"


@pytest.mark.parametrize("table", [None, table_of()])
def test_a_failed_row_keeps_who_and_why_but_no_number(table: MeasurementTable | None) -> None:
    """A number half made must not reach the comparison."""
    row = row_of(table, status="failed", reason="The heel is cut off.")

    told = {name for name, value in row.items() if value is not None}
    assert told == {
        *("participant_id", "group", "side", "body_mass_kg", "status", "reason"),
        *("footvol_version", "run_id", "scan_sha256"),
    }


def test_an_unknown_region_is_never_zero() -> None:
    """A total that cannot be summed has no share, no fat fraction, no value per kg."""
    row = row_of(table_of(forefoot=None, total=None))

    assert row["rearfoot_cm3"] == 7.0
    for name in ("forefoot_cm3", "total_cm3", "total_mm3_per_kg", "fat_fraction"):
        assert row[name] is None
    assert row["forefoot_share"] is None


def test_welch_agrees_with_the_published_sleep_data() -> None:
    """R prints t = -1.8608, df = 17.776, p = 0.07939, -3.3654832 to 0.2054832."""
    row = first_row(volumes_of(SLEEP_A, SLEEP_B))

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
    row = first_row(volumes_of(SLEEP_A, SLEEP_B))

    assert row["mann_whitney_p"] == pytest.approx(0.06933, abs=5e-6)
    assert row["shapiro_p_a"] == pytest.approx(0.4079, abs=5e-5)
    assert row["shapiro_p_b"] == pytest.approx(0.3511, abs=5e-5)
    assert row["cohens_d"] == pytest.approx(-0.83, abs=0.005)
    assert row["cohens_d_ci95_low"] == pytest.approx(-1.74, abs=0.005)
    assert row["cohens_d_ci95_high"] == pytest.approx(0.10, abs=0.005)


def test_student_pools_the_variances() -> None:
    """With it, df are n - 2 and R prints p = 0.07919."""
    row = first_row(volumes_of(SLEEP_A, SLEEP_B), CompareParams(test="student"))

    assert (row["test"], row["df"]) == ("student", 18)
    assert row["p"] == pytest.approx(0.07919, abs=5e-6)


def standardised(values: Sequence[float], mean: float) -> NDArray[np.float64]:
    """Give the values with this mean and SD 1."""
    array = np.asarray(values, dtype=float)
    return np.asarray((array - array.mean()) / array.std(ddof=1) + mean)


def test_an_effect_of_1_13_in_ten_against_ten_is_t_2_527() -> None:
    """The effect that Cheung 2016 reports for the rearfoot."""
    healthy, patients = standardised(SLEEP_A, 1.13), standardised(SLEEP_B, 0.0)

    row = first_row(volumes_of(healthy.tolist(), patients.tolist()))

    assert row["cohens_d"] == pytest.approx(1.13)
    assert row["statistic"] == pytest.approx(2.527, abs=5e-4)
    assert row["hedges_g"] == pytest.approx(1.13 * 0.95765, abs=1e-5)


def test_the_interval_of_d_inverts_the_noncentral_t_for_unequal_groups() -> None:
    """At either end, the observed t lies at 2.5 % of the noncentral t."""
    a, b = standardised((4, 9, 2, 7, 8, 1, 3), 0.9), standardised((6, 1, 2, 9), 0.2)

    d, (low, high) = cohens_d(a, b)

    root_n = np.sqrt(7 * 4 / 11)
    assert low is not None
    assert high is not None
    assert d == pytest.approx(0.7)
    assert stats.nct.sf(d * root_n, 9, low * root_n) == pytest.approx(0.025)
    assert stats.nct.cdf(d * root_n, 9, high * root_n) == pytest.approx(0.025)


def test_hedges_correction_is_the_exact_one() -> None:
    """By hand for df = 2: gamma(1) / (sqrt(1) gamma(1/2)) = 1 / sqrt(pi)."""
    assert hedges_g(1.0, 2) == pytest.approx(1 / np.sqrt(np.pi))


def test_groups_worlds_apart_have_no_interval_of_d() -> None:
    """Beyond t = 1000 the noncentral t cannot be inverted: n/a, and no warning."""
    row = first_row(volumes_of((1e6, 1e6 + 1, 1e6 + 3), (1, 2, 4)))

    assert row["cohens_d"] == pytest.approx(999999 / np.sqrt(7 / 3))
    assert pd.isna(row["cohens_d_ci95_low"])
    assert pd.isna(row["cohens_d_ci95_high"])


def test_holm_corrects_within_absolute_and_within_per_kg() -> None:
    """Thrice the least, twice the middle, once the largest; never falling."""
    volumes = volumes_of(SLEEP_A, SLEEP_B)
    volumes["forefoot_cm3"] += np.where(volumes["group"] == "healthy", -2.0, 0.0)
    volumes["total_cm3"] += np.where(volumes["group"] == "healthy", 1.5, 0.0)

    rows = compare(volumes, CompareParams()).set_index("outcome")
    p, holm = rows["p"], rows["p_holm"]

    assert holm["forefoot_cm3"] == pytest.approx(3 * p["forefoot_cm3"])
    assert holm["rearfoot_cm3"] == pytest.approx(2 * p["rearfoot_cm3"])
    assert holm["total_cm3"] == pytest.approx(p["total_cm3"])
    assert holm["total_mm3_per_kg"] == pytest.approx(3 * p["total_mm3_per_kg"])
    absolute = list(OUTCOMES[:3])
    published = multipletests(p[absolute].astype(float), method="holm")[1]
    np.testing.assert_allclose(holm[absolute].astype(float), published)


def test_holm_counts_only_the_outcomes_that_could_be_tested() -> None:
    """An outcome without a p takes nothing from the others."""
    volumes = volumes_of(SLEEP_A, SLEEP_B)
    volumes["total_cm3"] = None

    rows = compare(volumes, CompareParams()).set_index("outcome")

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
    """The means stay, every test and effect size is n/a."""
    row = first_row(volumes_of(a, b))

    assert row["mean_a"] == pytest.approx(np.mean([v for v in a if v is not None]))
    assert row[INFERENCE].isna().all()


def test_one_group_alone_has_its_means_only() -> None:
    """Where nobody is there to compare with, that is said by n/a and n = 0."""
    row = first_row(volumes_of((5.0, 7.0, 9.0), ()))

    assert (row["n_a"], row["mean_a"], row["sd_a"], row["n_b"]) == (3, 7.0, 2.0, 0)
    assert row[["group_b", "mean_b", "sd_b", "mean_difference", *INFERENCE]].isna().all()


def test_patients_alone_stay_group_b() -> None:
    """A part of a study without healthy participants does not swap the columns."""
    row = first_row(volumes_of((), (5.0, 7.0, 9.0)))

    assert (row["group_a"], row["n_a"]) == ("healthy", 0)
    assert (row["group_b"], row["n_b"], row["mean_b"]) == ("plantar_fasciitis", 3, 7.0)


def test_a_group_that_failed_altogether_is_still_named() -> None:
    """Its n is 0, so the reader sees that it was meant to be there."""
    volumes = volumes_of((5.0, 7.0), (None, None))
    volumes.loc[2:, "status"] = "failed"

    row = first_row(volumes)

    assert (row["group_b"], row["n_b"]) == ("plantar_fasciitis", 0)


def test_only_rows_that_are_ok_count() -> None:
    """A failed row with a number in it, or one without a group, changes nothing."""
    volumes = volumes_of(SLEEP_A, SLEEP_B)
    stray = pd.DataFrame(
        {
            "group": ["healthy", None],
            "status": ["failed", "ok"],
            "body_mass_kg": None,
            "foot_length_mm": None,
            **dict.fromkeys(OUTCOMES, (99.0, 98.0)),
        }
    )

    with_stray = compare(pd.concat([volumes, stray]).reset_index(drop=True), CompareParams())

    pd.testing.assert_frame_equal(with_stray, compare(volumes, CompareParams()))


def test_groups_may_be_numbers() -> None:
    """A column of 0 and 1 beside a missing cell is read as the names 0 and 1."""
    volumes = volumes_of((5.0, 7.0, 9.0), (6.0, 8.0, None))
    volumes["group"] = [0.0, 0.0, 0.0, 1.0, 1.0, np.nan]

    row = first_row(volumes, CompareParams(reference="0"))

    assert (row["group_a"], row["group_b"], row["n_a"], row["n_b"]) == ("0", "1", 3, 2)


def test_a_missing_group_column_is_refused() -> None:
    """The message names the setting and the columns that are there."""
    with pytest.raises(ConfigError, match=r"columns \['arm'\].*'rearfoot_cm3'.*group_column"):
        compare(volumes_of((1, 2), (3, 5)), CompareParams(group_column="arm"))


def test_a_reference_that_is_no_group_is_refused() -> None:
    """The message lists the groups to choose from."""
    params = CompareParams(reference="control")

    with pytest.raises(ConfigError, match=r"'control'.*\['healthy', 'plantar_fasciitis'\]"):
        compare(volumes_of((1, 2), (3, 5)), params)


def test_a_missing_outcome_is_an_altered_file() -> None:
    """The stage that writes the column is named."""
    with pytest.raises(ArtefactError, match=r"column 'total_cm3'.*measure stage again"):
        compare(volumes_of((1, 2), (3, 5)).drop(columns="total_cm3"), CompareParams())


@pytest.mark.parametrize("odd", ["12,5", "much", "inf"])
def test_what_is_not_a_number_is_an_altered_file(odd: str) -> None:
    """Text in a table of numbers is refused, never dropped."""
    volumes = volumes_of((1, 2), (3, 5)).astype({"total_cm3": object})
    volumes.loc[1, "total_cm3"] = odd

    with pytest.raises(ArtefactError, match=rf"total_cm3.*number or n/a: got \['{odd}'\]"):
        compare(volumes, CompareParams())


def test_the_order_of_the_rows_does_not_matter() -> None:
    """To the bit, as tables may be merged in any order."""
    volumes = volumes_of(SLEEP_A, SLEEP_B)

    turned = volumes.iloc[::-1].reset_index(drop=True)

    pd.testing.assert_frame_equal(
        compare(volumes, CompareParams()), compare(turned, CompareParams()), check_exact=True
    )


def test_comparing_does_not_load_the_plotting_library() -> None:
    """Settings and commands import this stage, so it stays light."""
    script = "import sys, pipeline.stages.compare; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
