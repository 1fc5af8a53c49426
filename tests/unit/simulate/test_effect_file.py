"""Packaged effects and effects from TOML files."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.cohort.effects import TargetD
from pipeline.simulate.effect_file import read_effect

GOOD = """\
description = "mine"
muscles = ["ABH", "ADHO"]
atrophy = 0.25

[cohens_d]
total = 0.7
"""


def test_the_packaged_effect_has_the_published_sizes() -> None:
    """Of Cheung 2016; that of the forefoot is our choice for "similar"."""
    effect = read_effect("cheung2016")

    assert effect.cohens_d == TargetD(rearfoot=1.13, forefoot=0.3, total=0.92)
    assert (effect.reference, effect.affected) == ("healthy", "plantar_fasciitis")
    assert effect.labels == (1, 2, 3, 4)
    assert effect.fascia_thickening_mm == pytest.approx(2.16)


def test_an_effect_is_read_from_a_file(tmp_path: Path) -> None:
    """Missing keys have their defaults."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)

    effect = read_effect(str(path))
    assert effect.cohens_d == TargetD(total=0.7)
    assert (effect.description, effect.atrophy, effect.labels) == ("mine", 0.25, (1, 7))
    assert effect.reference == "healthy"


def test_an_unknown_name_lists_the_known_ones() -> None:
    """Also for a file name without its extension."""
    with pytest.raises(ConfigError, match=r"got 'chang2012'\. Known: cheung2016\.$"):
        read_effect("chang2012")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the option."""
    with pytest.raises(ConfigError, match=r"a file 'none\.toml': got none .*Check --effect"):
        read_effect(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "0.25",
            "1.2",
            r"'atrophy' should be less than or equal to 0.9: got 1.2 \(in",
        ),
        ("0.25", "-0.1", r"'atrophy' should be greater than or equal to 0: got -0.1"),
        (
            "total = 0.7",
            "total = 40",
            r"'cohens_d.total' should be less .* to 5: got 40",
        ),
        ("0.25", "0.2\nfat_fraction = 0.7", r"'fat_fraction' should be less .* 0.6: got 0.7"),
        ("0.25", "0.2\noedema_mm = -1", r"'oedema_mm' should be greater .* to 0: got -1"),
        (
            "0.25",
            "0.2\nfascia_thickening_mm = 9",
            r"'fascia_thickening_mm' should be less .* 9",
        ),
        ("total = 0.7", "total = nan", r"'cohens_d.total' should be .*: got nan"),
        ('"ADHO"', '"FHL"', r"'muscles' must be each of ABH, .* at most once: got .*'FHL'"),
        ('"ADHO"', '"ABH"', r"'muscles' must be each of ABH, .* at most once"),
        ('description = "mine"\n', "", r"must have 'description': got none"),
        ("atrophy", "athropy", r"must have 'atrophy'|no 'athropy'"),
        ("[cohens_d]\n", "colour = 1\n[cohens_d]\n", r"has no 'colour' .*Known: description"),
        ("total", "heel", r"has no 'cohens_d.heel'"),
        (
            "atrophy",
            'affected = "healthy"\natrophy',
            r"have two names, got 'healthy' twice",
        ),
        ("atrophy", 'affected = "a b"\natrophy', r"'affected' .*pattern.*got 'a b'"),
        ("0.25", "true", r"'atrophy' should be a valid number: got True"),
        ("0.25", "'0.25'", r"'atrophy' should be a valid number: got '0.25'"),
        ("0.25", f"'{'x' * 5000}'", r"'atrophy' .*: got 'x{96}\.\.\. \(in"),
        ("= 0.25", "=", r"valid TOML: got '.*toml' \(Invalid value"),
    ],
)
def test_values_that_are_not_allowed_are_refused_by_key(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """The message gives key, rule and value."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new))

    with pytest.raises(ConfigError, match=words):
        read_effect(str(path))


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8-sig")

    assert read_effect(str(path)).description == "mine"


def test_the_example_of_the_docs_is_valid(tmp_path: Path) -> None:
    """The example can be copied from docs/phantom.md."""
    text = (Path(__file__).parents[3] / "docs" / "phantom.md").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0])

    effect = read_effect(str(path))
    assert effect.affected == "neuropathy"
    assert effect.cohens_d == TargetD(forefoot=1.5, total=0.8)


@pytest.mark.parametrize(("encoding", "words"), [("utf-16", "UTF-16"), ("latin-1", "0xE4 in")])
def test_another_encoding_is_named(encoding: str, words: str, tmp_path: Path) -> None:
    """As for tables."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("mine", "m\xe4ne"), encoding=encoding)

    with pytest.raises(ConfigError, match=f"must be text in UTF-8: got .*{words}"):
        read_effect(str(path))


def test_an_effect_nested_too_deep_is_refused(tmp_path: Path) -> None:
    """It is refused like other invalid TOML."""
    path = tmp_path / "mine.toml"
    path.write_text("muscles = " + "[" * 5000 + "]" * 5000)

    with pytest.raises(ConfigError, match=r"must be valid TOML: .*nested more than 16 deep"):
        read_effect(str(path))
