"""The README of a simulated study."""

from pipeline.phantom.cohort.effects import Effect
from pipeline.simulate.effect_file import read_effect
from pipeline.simulate.specification import Study, readme


def readme_text(effect: Effect | None) -> str:
    """Give the README on one line."""
    return " ".join(readme(Study(2, 6), effect).split())


def test_the_readme_describes_the_effect() -> None:
    """It gives muscles, fascia, oedema and effect sizes."""
    text = readme_text(read_effect("cheung2016"))

    assert "plantar_fasciitis has lost 18% of ABH, FDB, ADM, QP." in text
    assert "2.16 mm thicker at the origin, with 1.5 mm of oedema around it." in text
    assert "rearfoot 1.13, forefoot 0.3, total 0.92" in text


def test_the_readme_omits_what_the_effect_does_not_change() -> None:
    """Fat and fascia are described only if they change."""
    plain = Effect(description="plain", muscles=("INT",), atrophy=0.4, fat_fraction=0.35)

    text = readme_text(plain)

    assert "The remaining muscle is 35% fat." in text
    assert "aponeurosis" not in text
    assert "fat" not in readme_text(plain.model_copy(update={"fat_fraction": None}))
