"""The methods as text, from the settings that were used."""

from pathlib import Path

import pytest
from comparisons import make_comparison

from pipeline.config import load_config, to_toml
from pipeline.stages.report.methods_text import CITATION, ReportFacts, Sample, methods_text

SAMPLE = Sample(18, 20, 20, ["network"], ["FDB;QP"], [1.2, 1.4])


def text_of(*overrides: str) -> str:
    """Give the methods under some settings."""
    config = load_config(None, overrides)
    settings = config.model_dump(mode="json")
    facts = ReportFacts("0.1.0", "run-7", to_toml(config), settings, {})
    return "\n".join(methods_text(facts, SAMPLE, (make_comparison(),)))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("regions.border=chopart", "at the transverse tarsal joint"),
        ("preprocess.bias_knot_mm=60", "B-spline knots every 60 mm"),
        ("compare.family=absolute", "The main family of outcomes is absolute."),
        ("compare.permutations=50", "at most 50 random permutations, seed 20"),
        ("compare.covariates=['age']", "at equal age (ANCOVA"),
        ("compare.design=paired", "the SD of the differences"),
    ],
)
def test_a_setting_is_in_the_text(override: str, words: str) -> None:
    """What was changed is stated, and was not there before."""
    assert words in text_of(override)
    assert words not in text_of()


def test_what_was_measured_is_in_the_text() -> None:
    """Numbers of participants, groups, segmenter, muscles and sensitivity to the border."""
    text = text_of()

    assert "with footvol 0.1.0 in 18 of 20 participants" in text
    assert "Groups (healthy (n = 5), patient (n = 5)) were compared" in text
    assert "sums of flexor digitorum brevis, quadratus plantae:" in text
    assert "moves 1.30 cm³ (1.20 to 1.40)" in text


def test_a_correction_that_was_not_made_is_not_stated() -> None:
    """Nor tests and covariates that were not asked for."""
    text = text_of(
        "preprocess.bias_correction=false", "compare.permutations=0", "compare.covariates=[]"
    )

    assert "N4" not in text
    assert "permutation" not in text
    assert "ANCOVA" not in text


def test_the_citation_is_that_of_the_repository() -> None:
    """CITATION.cff has the same authors and title."""
    known = (Path(__file__).parents[4] / "CITATION.cff").read_text(encoding="utf-8")
    authors, _, title = CITATION.removesuffix(", version").partition(". ")

    assert f"name: {authors}" in known
    assert f'title: "{title}"' in known
