"""Words that say what a Dixon image shows."""

import pytest

from pipeline.domain.dixon import dixon_parts, part_of_name, without_part


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["W", "W", "DERIVED"], {"water"}),
        (["DIXON", "FAT"], {"fat"}),
        (["IN_PHASE"], {"in"}),
        (["OPP", "PHASE"], {"opposed"}),
        (["WATER", "FAT"], {"water", "fat"}),
        (["t1", "dixon", "fat", "sat"], set()),
        (["FAT_FRACTION"], set()),
        (["no", "fat"], set()),
        (["NORM", "DIS2D"], set()),
    ],
)
def test_words_name_parts(words: list[str], parts: set[str]) -> None:
    """In any case, alone or joined by underscores, unless they name the opposite."""
    assert dixon_parts(words) == parts


def test_letters_of_a_name_are_no_words() -> None:
    """In a header W is water; in a file's name it may be anything."""
    assert part_of_name("foot_w_in_f") is None


@pytest.mark.parametrize(
    ("water", "fat"),
    [
        ("sub-01_acq-water_T1w", "sub-01_acq-fat_T1w"),
        ("sub-01_acq-DixonWater_run-2_T1w", "sub-01_acq-dixonfat_run-2_T1w"),
        ("sub-01_T1w", "sub-01_acq-fat_T1w"),
        ("foot_water", "foot_FAT"),
    ],
)
def test_a_pairs_names_are_the_same_but_for_the_part(water: str, fat: str) -> None:
    """Capitals aside."""
    assert without_part(water) == without_part(fat)


@pytest.mark.parametrize(
    "other", ["sub-02_acq-fat_T1w", "sub-01_acq-fat_run-2_T1w", "sub-01_acq-nofat_T1w"]
)
def test_other_names_are_of_no_pair(other: str) -> None:
    """Another participant, run or word makes another name."""
    assert without_part("sub-01_acq-water_T1w") != without_part(other)
