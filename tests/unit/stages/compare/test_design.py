"""The design of the comparison: what is refused, and how groups are named."""

import pytest
from comparisons import A, B, first_row, statistics_of, two_groups, volumes_of

from pipeline.errors import ArtefactError, ConfigError
from pipeline.settings.compare import CompareParams


def test_a_missing_group_column_is_refused() -> None:
    """The message names the setting and the columns that are there."""
    with pytest.raises(ConfigError, match=r"columns \['arm'\].*'rearfoot_cm3'.*group_column"):
        statistics_of(two_groups((1, 2), (3, 5)), CompareParams(group_column="arm"))


def test_a_reference_that_is_no_group_is_refused() -> None:
    """The message lists the groups to choose from."""
    params = CompareParams(reference="control")

    with pytest.raises(ConfigError, match=r"'control'.*\['healthy', 'plantar_fasciitis'\]"):
        statistics_of(two_groups((1, 2), (3, 5)), params)


def test_a_missing_outcome_is_an_altered_file() -> None:
    """The stage that writes the column is named."""
    with pytest.raises(ArtefactError, match=r"column 'total_cm3'.*measure stage again"):
        statistics_of(two_groups((1, 2), (3, 5)).drop(columns="total_cm3"), CompareParams())


@pytest.mark.parametrize("odd", ["12,5", "much", "inf"])
def test_what_is_not_a_number_is_an_altered_file(odd: str) -> None:
    """Text in a column of numbers is refused, not ignored."""
    volumes = two_groups((1, 2), (3, 5)).astype({"total_cm3": object})
    volumes.loc[1, "total_cm3"] = odd

    with pytest.raises(ArtefactError, match=rf"total_cm3.*number or n/a: got \['{odd}'\]"):
        statistics_of(volumes)


def test_a_covariate_that_is_no_column_is_refused() -> None:
    """The message names it and lists the columns."""
    with pytest.raises(ConfigError, match=r"\['ages'\].*Known: participant_id"):
        statistics_of(volumes_of({"healthy": A, "pf": B}), CompareParams(covariates=("ages",)))


def test_a_covariate_of_words_is_refused() -> None:
    """Words must be coded as numbers first."""
    volumes = volumes_of({"healthy": A, "pf": B}, sex=["F", "M"] * 5)

    with pytest.raises(ConfigError, match=r"text in 'sex'.*0 and 1"):
        statistics_of(volumes, CompareParams(covariates=("sex",)))


@pytest.mark.parametrize(
    "cell", ["6_5", "", "NA", "None", "1e5000", "nan", "\uff11\uff12", "4,5", "12 a"]
)
def test_a_covariate_that_is_no_number_names_its_row(cell: str) -> None:
    """Also for cells that look like numbers, and for participants that failed."""
    volumes = volumes_of({"healthy": A, "pf": B}, age=[*["41"] * 8, cell, None])
    volumes.loc[8, "status"] = "failed"

    with pytest.raises(ConfigError, match=f"text in 'age' of 1 .* row of sub-08 '{cell}'"):
        statistics_of(volumes, CompareParams(covariates=("age",)))


def test_a_covariate_written_as_text_counts_as_its_number() -> None:
    """Cells of participants.tsv are text."""
    ages = [41.5, 39.0, 52.0, 47.0, 38.5, 44.0, 50.0, 61.0, 57.5, 43.0]
    params = CompareParams(covariates=("age",))
    volumes = volumes_of({"healthy": A, "pf": B}, age=ages)

    row = first_row(volumes.assign(age=[f"+{age}" for age in ages]), params)

    assert row["adjusted_p"] == first_row(volumes, params)["adjusted_p"]


@pytest.mark.parametrize(
    "other", ["Healthy", "heal thy", "HEALTHY ", "healthy\u200b", "\uff48ealthy"]
)
def test_groups_that_look_alike_are_refused(other: str) -> None:
    """The message has both spellings; the reference is checked as well."""
    volumes = volumes_of({"healthy": A, other: B, "pf": A})
    with pytest.raises(ConfigError, match="differ by case or blanks") as told:
        statistics_of(volumes)
    assert repr(other.strip()) in str(told.value)
    assert "'healthy'" in str(told.value)

    with pytest.raises(ConfigError, match="differ by case or blanks"):
        statistics_of(volumes_of({other.strip(): A, "pf": B}), CompareParams())


def test_pairs_that_look_alike_are_refused() -> None:
    """Otherwise both would be left out for lack of a partner."""
    volumes = volumes_of({"healthy": A[:3], "pf": B[:3]}, pair=list("abcABC"))

    with pytest.raises(ConfigError, match=r"column 'pair' .* got 'A' and 'a'"):
        statistics_of(volumes, PAIRED)


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A", "01", "1"])
def test_a_group_may_be_called_anything(word: str) -> None:
    """Only a cell without a value is missing."""
    row = first_row(volumes_of({"healthy": A, word: B}))

    assert (row["group_b"], row["n_b"]) == (word, 5)


def test_more_groups_than_can_be_compared_are_refused() -> None:
    """The message has the limit and the groups."""
    ages = {"healthy": A[:2], **{str(age): A[:2] for age in range(30, 60)}}
    volumes = volumes_of({name: (values[0],) for name, values in ages.items()})

    with pytest.raises(ConfigError, match=r"at most 10 groups: got 31, \['30', .*and 23 more"):
        statistics_of(volumes)


def test_pairs_need_their_column() -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match=r"\['pair'\].*compare\.pair_column"):
        statistics_of(volumes_of({"healthy": A, "pf": B}), PAIRED)


def test_pairs_of_three_groups_are_refused() -> None:
    """Pairs have two members."""
    volumes = volumes_of({"healthy": A, "pf": B, "x": A}, pair=[*"abcde"] * 3)

    with pytest.raises(ConfigError, match=r"paired design needs two groups.*got 3"):
        statistics_of(volumes, PAIRED)


def test_a_reference_that_is_none_of_three_groups_is_refused() -> None:
    """The message lists the groups."""
    with pytest.raises(ConfigError, match=r"'healthy' must be a group.*\['pf', 'x', 'y'\]"):
        statistics_of(volumes_of({"x": A, "pf": B, "y": A}), CompareParams())


def test_a_repeat_of_nobody_is_refused() -> None:
    """The message names the unknown participant."""
    volumes = volumes_of({"healthy": A, "pf": B}, repeat_of=["77", *[None] * 9])

    with pytest.raises(ConfigError, match=r"no repeat itself: got \['sub-77'\]"):
        statistics_of(volumes)


PAIRED = CompareParams(design="paired", covariates=())
