"""What a made-up study says of itself."""

from pipeline.phantom.cohort.effects import Effect
from pipeline.simulate.effect_file import read_effect
from pipeline.simulate.specification import Study, readme


def said(effect: Effect | None) -> str:
    """Give the README on one line."""
    return " ".join(readme(Study(2, 6), effect).split())


def test_the_readme_tells_all_that_an_effect_does() -> None:
    """Muscles, fascia, oedema and effect sizes."""
    text = said(read_effect("cheung2016"))

    assert "plantar_fasciitis has lost 18% of ABH, FDB, ADM, QP." in text
    assert "2.16 mm thicker at the origin, with 1.5 mm of oedema around it." in text
    assert "rearfoot 1.13, forefoot 0.3, total 0.92" in text


def test_the_readme_tells_nothing_that_was_not_done() -> None:
    """Fat is told where there is some, fascia where it changed."""
    plain = Effect(description="plain", muscles=("INT",), atrophy=0.4, fat_fraction=0.35)

    text = said(plain)

    assert "What is left of them is 35% fat." in text
    assert "aponeurosis" not in text
    assert "fat" not in said(plain.model_copy(update={"fat_fraction": None}))
