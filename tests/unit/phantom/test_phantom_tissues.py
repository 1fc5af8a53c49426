"""Brightness of tissues under the spin-echo equation."""

import math

import pytest

from pipeline.phantom.foot import Tissue
from pipeline.phantom.tissues import RELAXATION, Relaxation, spin_echo_signals


@pytest.mark.parametrize(
    ("tissue", "percent_of_fat"),
    [
        (Tissue.MUSCLE, 26),
        (Tissue.FAT, 100),
        (Tissue.MARROW, 89),
        (Tissue.FLUID, 22),
        (Tissue.BLOOD, 37),
        (Tissue.SKIN, 25),
        (Tissue.TENDON, 1),
        (Tissue.CORTEX, 0),
        (Tissue.AIR, 0),
    ],
)
def test_t1_weighted_signals_at_one_and_a_half_tesla_are_as_published(
    tissue: Tissue, percent_of_fat: int
) -> None:
    """T1 SE 500/15 gives each tissue its known brightness, fat being 100."""
    signals = spin_echo_signals(1.5, repetition_time_ms=500, echo_time_ms=15)

    assert 100 * signals[tissue] == pytest.approx(percent_of_fat, rel=0.2, abs=0.2)


@pytest.mark.parametrize(
    ("repetition_time_ms", "echo_time_ms", "muscle", "fluid", "skin"),
    [(700, 12, 29, 24, 29), (3000, 30, 36, 71, 23)],
)
def test_signals_at_three_tesla_are_as_published(
    repetition_time_ms: float, echo_time_ms: float, muscle: int, fluid: int, skin: int
) -> None:
    """T1 TSE 700/12 and PD TSE 3000/30 keep the order of the tissues and their brightness."""
    signals = spin_echo_signals(
        3.0, repetition_time_ms=repetition_time_ms, echo_time_ms=echo_time_ms
    )

    found = [100 * float(signals[t]) for t in (Tissue.MUSCLE, Tissue.FLUID, Tissue.SKIN)]
    assert found == pytest.approx([muscle, fluid, skin], rel=0.2)


def test_spin_echo_follows_the_equation() -> None:
    """Recovery over one T1 and decay over one T2 give (1 - 1/e) / e of the density."""
    signal = Relaxation(400, 50, 0.8).spin_echo(repetition_time_ms=400, echo_time_ms=50)

    assert signal == pytest.approx(0.8 * (1 - 1 / math.e) / math.e)


@pytest.mark.parametrize("field_t", RELAXATION)
def test_every_tissue_but_air_has_relaxation_times(field_t: float) -> None:
    """No tissue stays dark for want of a number."""
    assert set(RELAXATION[field_t]) == set(Tissue) - {Tissue.AIR}


def test_an_unknown_field_strength_is_refused() -> None:
    """Relaxation times are not guessed for another field."""
    with pytest.raises(ValueError, match=r"known at \[1\.5, 3\.0, 7\.0\] T only, got 0\.2"):
        spin_echo_signals(0.2, repetition_time_ms=500, echo_time_ms=15)
