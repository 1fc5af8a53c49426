"""Signals of tissues under the protocols."""

from dataclasses import replace

import numpy as np
import pytest
from small_foot import make_foot

from pipeline.phantom.acquisition.protocols import PROTOCOLS, Protocol, Technique
from pipeline.phantom.acquisition.signal import foot_signals, tissue_signals
from pipeline.phantom.anatomy.foot import Tissue

SE = PROTOCOLS["t1_se_4mm"]
FAST = Technique.FAST_SPIN_ECHO
# The table of docs/phantom.md: percent of fat, by tissue.
COLUMNS: dict[str, Protocol] = {
    "T1 SE 1.5 T 500/15": SE,
    "T1 TSE 3 T 700/12": PROTOCOLS["t1_tse_3mm"],
    "PD TSE 3 T 3000/30": PROTOCOLS["pd_tse"],
    "T2 TSE 1.5 T 4000/80": replace(PROTOCOLS["t2_fs"], fat_left=1.0),
    "T1 GRE 3 T 10/2.4/20": PROTOCOLS["vibe_0p8"],
}
PERCENT = {
    Tissue.MUSCLE: (26, 29, 36, 14, 28),
    Tissue.FAT: (100, 100, 100, 100, 100),
    Tissue.MARROW: (89, 90, 89, 89, 90),
    Tissue.FLUID: (22, 24, 71, 121, 15),
    Tissue.BLOOD: (37, 37, 85, 111, 25),
    Tissue.SKIN: (25, 29, 23, 5, 35),
    Tissue.TENDON: (1, 1, 0, 0, 20),  # the last is known as 10 to 20 only
    Tissue.CORTEX: (0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("tissue", PERCENT)
@pytest.mark.parametrize("column", COLUMNS)
def test_relative_signals_are_those_of_the_table(column: str, tissue: Tissue) -> None:
    """Within 20 % for every tissue and sequence; 0 means below 0.5 %."""
    wanted = PERCENT[tissue][list(COLUMNS).index(column)]

    result = 100 * float(tissue_signals(COLUMNS[column]).total[tissue])
    assert result == pytest.approx(wanted, rel=0.2, abs=0.5 if wanted == 0 else 0)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_water_and_fat_components_are_valid(name: str) -> None:
    """Only fat and marrow have a fat component; none is negative; air has no signal."""
    signals = tissue_signals(PROTOCOLS[name])

    assert (signals.water >= 0).all()
    assert set(np.flatnonzero(signals.fat).tolist()) == {Tissue.FAT, Tissue.MARROW}
    assert signals.total[Tissue.AIR] == 0
    assert signals.total[Tissue.FAT] == 1


@pytest.mark.parametrize("name", PROTOCOLS)
def test_oedema_is_brighter_than_muscle_at_long_echo_times(name: str) -> None:
    """The two are similar on T1-weighted images and differ on T2-weighted ones."""
    total = tissue_signals(PROTOCOLS[name]).total
    ratio = float(total[Tissue.OEDEMA] / total[Tissue.MUSCLE])

    low, high = (2.5, 6.0) if name == "t2_fs" else (0.7, 1.8)
    assert low < ratio < high


def test_fat_inside_a_muscle_mixes_both_signals() -> None:
    """A voxel with fat fraction f has the signal (1 - f) muscle + f fat."""
    foot = make_foot()
    fraction = np.zeros(foot.tissues.shape, dtype=np.float32)
    fraction[10, 30, 14] = 0.4
    fatty = replace(foot, fat_fraction=fraction)
    signals = tissue_signals(SE)

    for part, of_fat in ((signals.total, 1.0), (signals.fat, 0.97), (signals.water, 0.03)):
        shown = foot_signals(fatty, part)
        muscle = float(part[Tissue.MUSCLE])
        assert shown[10, 30, 14] == pytest.approx(0.6 * muscle + 0.4 * of_fat, abs=1e-6)
        assert shown[10, 31, 14] == pytest.approx(muscle)


def test_a_longer_echo_train_leaves_less_time_to_recover() -> None:
    """The signal of fluid, with a long T1, decreases."""
    short, long = (
        tissue_signals(replace(SE, technique=FAST, echo_train_ms=t)).total for t in (0, 150)
    )

    assert long[Tissue.FLUID] < 0.95 * short[Tissue.FLUID]
