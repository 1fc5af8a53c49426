"""Pairs, more groups, covariates, repeats: each answer right, or a reason for none."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.domain.outcome_keys import OUTCOME_KEYS
from pipeline.errors import ConfigError
from pipeline.stages.compare import (
    MUSCLE_OUTCOMES,
    STATISTICS_COLUMNS,
    VOLUME_COLUMNS,
    CompareParams,
    compare,
)
from pipeline.stages.compare.permutation import sign_test, split_test
from pipeline.stages.compare.studentized_range import part_beyond

A, B = (61.0, 58.0, 72.0, 66.0, 70.0), (55.0, 60.0, 57.0, 63.0, 59.0)
MASSES = (60.0, 71.0, 66.0, 80.0, 58.0, 75.0, 63.0, 69.0, 82.0, 74.0)
LENGTHS = (231.0, 244.0, 239.0, 252.0, 228.0, 240.0, 236.0, 251.0, 247.0, 233.0)
PAIRED = CompareParams(design="paired", covariates=())
ALWAYS = {"outcome", "group_a", "n_a", "n_b", "family", "family_tests"}
BY_DESIGN = {
    *("wilcoxon_p", "shapiro_p_difference", "cohens_d_av", "anova_f", "anova_df_between"),
    *("anova_df_within", "anova_p", "sem", "mdc95", "mdc95_source", "below_mdc95", "note"),
    *("covariates", "n_adjusted", "adjusted_difference", "adjusted_ci95_low"),
    *("adjusted_ci95_high", "adjusted_p"),
}
"""Columns whose own meaning says when they are n/a."""


def volumes_of(groups: Mapping[str, Sequence[float | None]], **columns: Any) -> pd.DataFrame:
    """Give a table in which every outcome holds the same values."""
    values = [value for group in groups.values() for value in group]
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{number:02d}" for number in range(len(values))],
            "group": [name for name, group in groups.items() for _ in group],
            "status": "ok",
            "body_mass_kg": (MASSES * 4)[: len(values)],
            "foot_length_mm": (LENGTHS * 4)[: len(values)],
            **dict.fromkeys(OUTCOME_KEYS, values),
        }
    ).assign(**columns)


def first(volumes: pd.DataFrame, params: CompareParams | None = None) -> pd.Series:
    """Give the first row of the statistics."""
    return compare(volumes, params or CompareParams()).iloc[0]


# What cannot be told, and the reason that must stand beside it.


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ({"healthy": A, "pf": (55.0,)}, "one participant measured in pf: no test"),
        ({"healthy": A, "pf": (None, None)}, "nobody measured in pf: no test"),
        ({"healthy": (), "pf": B}, "nobody measured in healthy: no test"),
        ({"healthy": A}, "nobody measured in another group: no test"),
        ({"healthy": A, "pf": (7.0, 7.0, 7.0)}, "all values alike in pf: no test"),
        ({"healthy": A, "pf": (55.0, 61.0)}, "two participants in pf: no Shapiro-Wilk"),
        ({"healthy": (1e9, 1e9 + 1, 1e9 + 3), "pf": (1.0, 2.0, 4.0)}, "too far apart"),
        ({"healthy": (1.0, 1.0, 3.0, 3.0), "pf": (2.0, 2.0, 6.0, 6.0)}, "no Levene"),
    ],
    ids=["one", "none", "no reference", "alone", "no spread", "two", "far apart", "no Levene"],
)
def test_nothing_is_missing_without_a_reason(
    groups: Mapping[str, Sequence[float | None]], reason: str
) -> None:
    """The note of the row says why; no warning is raised."""
    row = first(volumes_of(groups), CompareParams(covariates=()))

    missing = set(row.index[row.isna()])
    assert missing - BY_DESIGN
    assert not missing & ALWAYS
    assert reason in row["note"]


def test_where_all_is_known_nothing_is_missing() -> None:
    """But what two groups of different people do not have."""
    row = first(volumes_of({"healthy": A, "pf": B}))

    assert list(row.index) == list(STATISTICS_COLUMNS)
    assert set(row.index[row.isna()]) == {
        *("wilcoxon_p", "shapiro_p_difference", "cohens_d_av", "anova_f", "anova_df_between"),
        *("anova_df_within", "anova_p", "sem", "mdc95", "mdc95_source", "below_mdc95", "note"),
    }


def test_two_against_two_can_be_tested() -> None:
    """The t test of R: t.test(c(5, 7), c(1, 2)) has t = 4.0249, df = 1.4706."""
    row = first(volumes_of({"healthy": (5.0, 7.0), "pf": (1.0, 2.0)}))

    assert row["statistic"] == pytest.approx(4.5 / np.sqrt(1.25))
    assert row["df"] == pytest.approx(1.25**2 / (1 + 0.0625))
    assert row["permutation_p"] == pytest.approx(2 / 6)
    assert "4 participants with known covariates for 4 unknowns" in row["note"]


def test_missing_masses_leave_absolute_volumes_alone() -> None:
    """Per kg has fewer participants; the adjusted difference says how many it has."""
    volumes = volumes_of({"healthy": A, "pf": B})
    volumes.loc[[0, 6], ["body_mass_kg", "rearfoot_mm3_per_kg"]] = None

    rows = compare(volumes, CompareParams()).set_index("outcome")

    counts = rows[["n_a", "n_b", "n_adjusted"]].T
    assert counts["rearfoot_cm3"].tolist() == [5, 5, 8]
    assert counts["rearfoot_mm3_per_kg"].tolist()[:2] == [4, 4]


def test_a_mass_that_parts_the_groups_cannot_be_adjusted_for() -> None:
    """Whoever is heavy is a patient: the note says so instead of a number."""
    volumes = volumes_of({"healthy": A, "pf": B}, body_mass_kg=[60.0] * 5 + [80.0] * 5)

    row = first(volumes)

    assert pd.isna(row["adjusted_difference"])
    assert "group and covariates cannot be told apart" in row["note"]


def test_a_covariate_that_is_no_column_is_refused() -> None:
    """The message names it and lists what there is."""
    with pytest.raises(ConfigError, match=r"\['ages'\].*Known: participant_id"):
        compare(volumes_of({"healthy": A, "pf": B}), CompareParams(covariates=("ages",)))


def test_a_covariate_of_words_is_refused() -> None:
    """Words must be coded as numbers first."""
    volumes = volumes_of({"healthy": A, "pf": B}, sex=["F", "M"] * 5)

    with pytest.raises(ConfigError, match=r"text in 'sex'.*0 and 1"):
        compare(volumes, CompareParams(covariates=("sex",)))


@pytest.mark.parametrize(
    "cell", ["6_5", "", "NA", "None", "1e5000", "nan", "\uff11\uff12", "4,5", "12 a"]
)
def test_a_covariate_that_is_no_number_names_its_row(cell: str) -> None:
    """What a program might take for a number or for missing; of those not measured, too."""
    volumes = volumes_of({"healthy": A, "pf": B}, age=[*["41"] * 8, cell, None])
    volumes.loc[8, "status"] = "failed"

    with pytest.raises(ConfigError, match=f"text in 'age' of 1 .* row of sub-08 '{cell}'"):
        compare(volumes, CompareParams(covariates=("age",)))


def test_a_covariate_written_as_text_counts_as_its_number() -> None:
    """As participants.tsv has it."""
    ages = [41.5, 39.0, 52.0, 47.0, 38.5, 44.0, 50.0, 61.0, 57.5, 43.0]
    params = CompareParams(covariates=("age",))
    volumes = volumes_of({"healthy": A, "pf": B}, age=ages)

    row = first(volumes.assign(age=[f"+{age}" for age in ages]), params)

    assert row["adjusted_p"] == first(volumes, params)["adjusted_p"]


@pytest.mark.parametrize(
    "other", ["Healthy", "heal thy", "HEALTHY ", "healthy\u200b", "\uff48ealthy"]
)
def test_groups_that_a_reader_takes_for_one_are_refused(other: str) -> None:
    """Both spellings are told; so is a group that is the reference but for its case."""
    volumes = volumes_of({"healthy": A, other: B, "pf": A})
    with pytest.raises(ConfigError, match="differ by case or blanks") as told:
        compare(volumes, CompareParams())
    assert repr(other.strip()) in str(told.value)
    assert "'healthy'" in str(told.value)

    with pytest.raises(ConfigError, match="differ by case or blanks"):
        compare(volumes_of({other.strip(): A, "pf": B}), CompareParams())


def test_pairs_that_a_reader_takes_for_one_are_refused() -> None:
    """Else both would be left out as having no partner."""
    volumes = volumes_of({"healthy": A[:3], "pf": B[:3]}, pair=list("abcABC"))

    with pytest.raises(ConfigError, match=r"column 'pair' .* got 'A' and 'a'"):
        compare(volumes, PAIRED)


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A", "01", "1"])
def test_a_group_may_be_called_anything(word: str) -> None:
    """Only a cell without a value is missing."""
    row = first(volumes_of({"healthy": A, word: B}))

    assert (row["group_b"], row["n_b"]) == (word, 5)


def test_more_groups_than_can_be_compared_are_refused() -> None:
    """With the limit; a column of something else was named by mistake, most often."""
    ages = {"healthy": A[:2], **{str(age): A[:2] for age in range(30, 60)}}
    volumes = volumes_of({name: (values[0],) for name, values in ages.items()})

    with pytest.raises(ConfigError, match=r"at most 10 groups: got 31, \['30', .*and 23 more"):
        compare(volumes, CompareParams())


@pytest.mark.parametrize(
    ("groups", "df", "q"),
    [
        *((3, 1.0, 5.0), (3, 1.3, 26.9), (4, 5.5, 3.0), (6, 1.05, 100.0), (9, 30.2, 4.5)),
        *((10, 2.0, 14.0), (3, 200.0, 3.3), (5, 12.5, 15.0), (10, 9.3, 0.4), (3, 5e3, 3.3)),
    ],
)
def test_the_studentised_range_agrees_with_scipy(groups: int, df: float, q: float) -> None:
    """Few and many groups and degrees of freedom, whole or not, small and large ranges."""
    expected = stats.studentized_range.sf(q, groups, df)

    assert part_beyond(q, groups, df) == pytest.approx(expected, abs=1e-11)


@pytest.mark.slow
def test_as_many_groups_as_are_allowed_take_seconds() -> None:
    """Of two feet each; twelve took a minute and a half, forty did not end."""
    rng = np.random.default_rng(3)
    groups = {name: rng.normal(60, 5, 2).tolist() for name in ("healthy", *"abcdefghi")}
    started = time.process_time()
    rows = compare(volumes_of(groups), CompareParams())

    assert len(rows) == 45 * len(OUTCOME_KEYS)
    assert time.process_time() - started < 45


# Permutations


def test_all_splits_agree_with_scipy() -> None:
    """Of unequal groups with a tie; the distance of the means decides."""
    a, b = np.array([4.0, 9.0, 2.0, 7.0]), np.array([1.0, 3.0, 2.0, 0.5, 5.0])

    p, method = split_test(a, b, 99, 1)

    def distance(x: Any, y: Any, axis: int = -1) -> Any:
        return np.abs(x.mean(axis=axis) - y.mean(axis=axis))

    expected = stats.permutation_test((a, b), distance, alternative="greater", vectorized=True)
    assert method == "exact, 126"
    assert p == pytest.approx(expected.pvalue)


def test_random_splits_depend_on_the_seed_alone() -> None:
    """Which group is named first is no matter; the observed split counts as one."""
    generator = np.random.default_rng(3)
    a, b = generator.normal(2, 1, 12), generator.normal(0, 1, 13)

    p, method = split_test(a, b, 499, 20)

    assert (p, method) == split_test(b, a, 499, 20)
    assert method == "random, 499"
    assert p == 1 / 500


def test_random_signs_where_pairs_are_many() -> None:
    """Eighteen pairs have 262 144 signs; all alike but small ones are as extreme as it gets."""
    p, method = sign_test(np.linspace(1, 2, 18), 499, 20)

    assert (p, method) == (1 / 500, "random, 499")


def test_no_permutations_leaves_them_out() -> None:
    """The setting 0 says so."""
    row = first(volumes_of({"healthy": A, "pf": B}), CompareParams(permutations=0))

    assert pd.isna(row["permutation_p"])
    assert pd.notna(row["p"])


# Pairs


def test_pairs_are_found_by_name_not_by_place() -> None:
    """The limbs stand in any order; who has one limb alone is left out and told of."""
    volumes = volumes_of({"healthy": A, "pf": (*B, 99.0)}, pair=[*"abcde", *"edcba", "z"])

    row = first(volumes, PAIRED)

    expected = stats.ttest_rel(A, B[::-1])
    assert (row["n_a"], row["n_b"], row["test"]) == (5, 5, "paired")
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["wilcoxon_p"] == pytest.approx(stats.wilcoxon(A, B[::-1]).pvalue)
    assert row["note"] == "1 participants without a partner left out"
    assert pd.isna(row["mann_whitney_p"])


def test_d_of_pairs_is_over_the_differences_and_over_both() -> None:
    """The first has the exact interval; the second stands beside unpaired studies."""
    row = first(volumes_of({"healthy": A, "pf": B}, pair=[*"abcde"] * 2), PAIRED)

    differences = np.subtract(A, B)
    both = np.sqrt((np.var(A, ddof=1) + np.var(B, ddof=1)) / 2)
    d, root_n = row["cohens_d"], np.sqrt(5)
    assert d == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert row["cohens_d_av"] == pytest.approx(differences.mean() / both)
    low = row["cohens_d_ci95_low"] * root_n
    assert stats.nct.sf(d * root_n, 4, low) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ((5.0,), (4.0,), "1 complete pairs: no test"),
        ((5.0, 7.0, 9.0), (4.0, 6.0, 8.0), "all pairs differ alike: no test"),
        ((5.0, 7.0), (4.0, 5.0), "two complete pairs: no Shapiro-Wilk, no Hedges' g"),
        ((5.0, 7.0), (None, None), "0 complete pairs: no test"),
    ],
)
def test_pairs_that_tell_nothing_say_why(
    a: Sequence[float], b: Sequence[float | None], reason: str
) -> None:
    """A constant difference has no spread, so no t."""
    row = first(volumes_of({"healthy": a, "pf": b}, pair=[*range(len(a))] * 2), PAIRED)

    assert reason in row["note"]
    assert pd.isna(row["hedges_g"])


def test_a_pair_with_two_of_one_group_is_refused() -> None:
    """The message names the pair and the group."""
    volumes = volumes_of({"healthy": A, "pf": B}, pair=[*"aacde", *"abcde"])

    with pytest.raises(ConfigError, match=r"pair 'a' with more than one in 'healthy'"):
        compare(volumes, PAIRED)


def test_pairs_need_their_column() -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match=r"\['pair'\].*compare\.pair_column"):
        compare(volumes_of({"healthy": A, "pf": B}), PAIRED)


def test_pairs_of_three_groups_are_refused() -> None:
    """A limb has one other."""
    volumes = volumes_of({"healthy": A, "pf": B, "x": A}, pair=[*"abcde"] * 3)

    with pytest.raises(ConfigError, match=r"paired design needs two groups.*got 3"):
        compare(volumes, PAIRED)


# More groups


def test_each_two_of_three_groups_have_a_row_reference_first() -> None:
    """Holm goes over outcomes, by the least p of each; p allows for the pairs already."""
    volumes = volumes_of({"runner": A, "pf": B, "healthy": (50.0, 52.0, 49.0, 55.0)})

    rows = compare(volumes, CompareParams(permutations=0))
    of_first = rows[rows["outcome"] == OUTCOME_KEYS[0]]

    assert of_first[["group_a", "group_b"]].to_numpy().tolist() == [
        ["healthy", "pf"],
        ["healthy", "runner"],
        ["pf", "runner"],
    ]
    assert of_first["p_holm"].tolist() == pytest.approx(
        [
            min(1, 3 * p) if p == of_first["p"].min() else p_holm
            for p, p_holm in zip(of_first["p"], of_first["p_holm"], strict=True)
        ]
    )
    assert (rows["p_holm"] >= rows["p"]).all()
    assert set(rows["family_tests"]) == {3}


def test_a_third_group_without_measurements_leaves_a_t_test() -> None:
    """Two groups are compared as two; the others' rows say who was not there."""
    volumes = volumes_of({"healthy": A, "pf": B, "runner": (None, 60.0)})

    rows = compare(volumes, CompareParams()).head(3).set_index(["group_a", "group_b"])

    assert rows.loc[("healthy", "pf"), "test"] == "welch"
    assert rows.loc[("pf", "runner"), "note"] == "one participant measured in runner: no test"


def test_a_reference_that_is_none_of_three_groups_is_refused() -> None:
    """The message lists the groups."""
    with pytest.raises(ConfigError, match=r"'healthy' must be a group.*\['pf', 'x', 'y'\]"):
        compare(volumes_of({"x": A, "pf": B, "y": A}), CompareParams())


# Muscles


def test_muscles_are_families_of_their_own() -> None:
    """Holm over twelve would be over what is there: here two, absolute and per kg."""
    values = [*A, *B]
    columns = {"ABH_total_cm3": values, "QP_total_cm3": [v * v for v in values]}
    rows = compare(volumes_of({"healthy": A, "pf": B}, **columns), CompareParams())

    muscles = rows[~rows["outcome"].isin(OUTCOME_KEYS)].set_index("outcome")
    assert set(muscles.index) < {outcome.column for outcome in MUSCLE_OUTCOMES}
    assert muscles["family"].tolist() == [
        *["muscles, absolute"] * 2,
        *["muscles, per body mass"] * 2,
    ]
    assert set(muscles["family_tests"]) == {2}
    per_kg = 1000 * np.array(A) / np.array(MASSES[:5])
    assert muscles.loc["ABH_total_mm3_per_kg", "mean_a"] == pytest.approx(per_kg.mean())
    assert rows["p_holm"].iloc[0] == pytest.approx(min(1, 3 * rows["p"].iloc[0]))


# Measurement error


def test_repeats_give_the_error_and_are_not_compared() -> None:
    """By hand: variances within persons 2 (of two scans) and 4 (of three): (2 + 2 x 4) / 3."""
    volumes = volumes_of({"healthy": (60.0, 62.0, 70.0), "pf": (50.0, 52.0, 54.0, 41.0)})
    volumes["repeat_of"] = [None, "00", None, None, "sub-03", "03", None]

    row = first(volumes)

    assert row[["n_a", "mean_a", "n_b", "mean_b"]].tolist() == [2, 65.0, 2, 45.5]
    assert row["mdc95_source"] == "repeats of 2 participants"
    assert row["sem"] == pytest.approx(np.sqrt(10 / 3))
    assert row["mdc95"] == pytest.approx(1.96 * np.sqrt(2) * np.sqrt(10 / 3))


def test_a_repeat_of_nobody_is_refused() -> None:
    """The message names whom it is said to repeat."""
    volumes = volumes_of({"healthy": A, "pf": B}, repeat_of=["77", *[None] * 9])

    with pytest.raises(ConfigError, match=r"no repeat itself: got \['sub-77'\]"):
        compare(volumes, CompareParams())


@pytest.mark.parametrize(("percent", "is_below"), [(5.0, False), (15.0, True)])
def test_a_difference_below_the_detectable_change_is_marked(
    percent: float, is_below: bool
) -> None:
    """The means differ by 6.6 of 62.1."""
    row = first(volumes_of({"healthy": A, "pf": B}), CompareParams(mdc95_percent=percent))

    assert row["mdc95"] == pytest.approx(percent / 100 * 62.1)
    assert (bool(row["below_mdc95"]), row["mdc95_source"]) == (is_below, "setting")


def test_intervals_of_the_segmentation_give_an_error_per_kg_too() -> None:
    """An interval of 4 cm3 each way is 4000 / mass mm3/kg each way."""
    volumes = volumes_of({"healthy": A, "pf": B})
    volumes["rearfoot_mm3_per_kg"] = 1000 * volumes["rearfoot_cm3"] / volumes["body_mass_kg"]
    for end, shift in (("low", -4.0), ("high", 4.0)):
        column = f"rearfoot_ci95_{end}_cm3"
        assert column in VOLUME_COLUMNS
        volumes[column] = volumes["rearfoot_cm3"] + shift

    rows = compare(volumes, CompareParams()).set_index("outcome")

    assert rows.loc["rearfoot_cm3", "sem"] == pytest.approx(4 / 1.96)
    root_mean_square = np.sqrt(np.mean((4000 / np.array(MASSES)) ** 2))
    assert rows.loc["rearfoot_mm3_per_kg", "sem"] == pytest.approx(root_mean_square / 1.96)
    assert rows.loc["rearfoot_cm3", "mdc95_source"] == "segmentation intervals"
    assert rows["mdc95"].isna()["total_cm3"]
