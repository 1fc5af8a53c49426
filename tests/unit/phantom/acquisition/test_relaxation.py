"""Relaxation times and signal equations."""

import math

import pytest

from pipeline.phantom.acquisition.relaxation import RELAXATION, Relaxation, spin_echo_signals
from pipeline.phantom.anatomy.foot import Tissue


def test_spin_echo_follows_the_equation() -> None:
    """TR = T1 and TE = T2 give (1 - 1/e) / e of the proton density."""
    signal = Relaxation(400, 50, 0.8).spin_echo(repetition_time_ms=400, echo_time_ms=50)

    assert signal == pytest.approx(0.8 * (1 - 1 / math.e) / math.e)


def test_fast_spin_echo_recovers_after_its_train() -> None:
    """Recovery lasts one T1: TR of 500 minus the train of 100."""
    signal = Relaxation(400, 1e9, 0.8).spin_echo(
        repetition_time_ms=500, echo_time_ms=50, echo_train_ms=100
    )

    assert signal == pytest.approx(0.8 * (1 - 1 / math.e))


def test_gradient_echo_is_brightest_at_the_ernst_angle() -> None:
    """The cosine of that angle is exp(-TR / T1); 90 degrees gives the spin-echo signal."""
    tissue = Relaxation(400, 50, 0.8)
    ernst_deg = math.degrees(math.acos(math.exp(-20 / 400)))

    near, best, far, square = (
        tissue.spoiled_gradient_echo(repetition_time_ms=20, echo_time_ms=5, flip_deg=flip)
        for flip in (ernst_deg - 3, ernst_deg, ernst_deg + 3, 90)
    )
    assert best > max(near, far)
    assert square == pytest.approx(tissue.spin_echo(repetition_time_ms=20, echo_time_ms=5))


def test_t1_increases_and_t2_decreases_with_the_field() -> None:
    """From 3 to 7 T, for every tissue."""
    for tissue, at_3 in RELAXATION[3.0].items():
        at_7 = RELAXATION[7.0][tissue]
        assert at_7.t1_ms > at_3.t1_ms
        assert at_7.t2_ms < at_3.t2_ms


@pytest.mark.parametrize("field_t", RELAXATION)
def test_every_tissue_except_air_has_relaxation_times(field_t: float) -> None:
    """At every field strength."""
    assert set(RELAXATION[field_t]) == set(Tissue) - {Tissue.AIR}


def test_an_unknown_field_strength_is_refused() -> None:
    """The message lists the known ones."""
    with pytest.raises(ValueError, match=r"known at \[1\.5, 3\.0, 7\.0\] T only, got 0\.2"):
        spin_echo_signals(0.2, repetition_time_ms=500, echo_time_ms=15)
