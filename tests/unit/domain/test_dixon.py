"""Recognition of Dixon images by words."""

import pytest

from pipeline.domain.dixon import dixon_image, water_or_fat, without_water_or_fat


@pytest.mark.parametrize(
    ("words", "image"),
    [
        (["W", "W", "DERIVED"], "water"),
        (["DIXON", "FAT"], "fat"),
        (["IN_PHASE"], "in"),
        (["OPP", "PHASE"], "opposed"),
        (["WATER", "FAT"], None),
        (["t1", "dixon", "fat", "sat"], None),
        (["FAT_FRACTION"], None),
        (["no", "fat"], None),
        (["NORM", "DIS2D"], None),
    ],
)
def test_words_name_one_image_or_none(words: list[str], image: str | None) -> None:
    """Case does not matter; negations and two images give none."""
    assert dixon_image(words) == image


def test_all_sources_must_name_the_same_image() -> None:
    """The context of a word is its own source."""
    assert dixon_image(["FAT"], ["dixon", "fat"]) == "fat"
    assert dixon_image(["FAT"], ["dixon", "water"]) is None
    assert dixon_image(["NO"], ["fat"]) == "fat"


def test_single_letters_of_a_file_name_name_no_image() -> None:
    """W means water in a header, but may mean anything in a file name."""
    assert water_or_fat("foot_w_in_f") is None


@pytest.mark.parametrize(
    ("water", "fat"),
    [
        ("sub-01_acq-water_T1w", "sub-01_acq-fat_T1w"),
        ("sub-01_acq-DixonWater_run-2_T1w", "sub-01_acq-dixonfat_run-2_T1w"),
        ("sub-01_T1w", "sub-01_acq-fat_T1w"),
        ("foot_water", "foot_FAT"),
    ],
)
def test_names_of_a_pair_are_equal_without_water_or_fat(water: str, fat: str) -> None:
    """Case does not matter."""
    assert without_water_or_fat(water) == without_water_or_fat(fat)


@pytest.mark.parametrize(
    "other", ["sub-02_acq-fat_T1w", "sub-01_acq-fat_run-2_T1w", "sub-01_acq-nofat_T1w"]
)
def test_names_of_different_scans_stay_different(other: str) -> None:
    """Another participant, run or word gives another name."""
    assert without_water_or_fat("sub-01_acq-water_T1w") != without_water_or_fat(other)
