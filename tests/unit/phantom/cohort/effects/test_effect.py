"""Settings of an effect, and the packaged effects."""

from pipeline.domain.anatomy import MUSCLES
from pipeline.phantom.cohort.effects import Effect, effect_names


def test_labels_of_an_effect_are_those_of_its_abbreviations() -> None:
    """Abbreviations may have any order."""
    effect = Effect(description="any", muscles=("EHB", "FDB"), atrophy=0.1)

    assert effect.labels == (2, 12)
    assert [MUSCLES[label - 1].abbreviation for label in effect.labels] == ["FDB", "EHB"]


def test_the_effect_of_cheung_2016_is_packaged() -> None:
    """It is the only packaged effect."""
    assert effect_names() == ("cheung2016",)
