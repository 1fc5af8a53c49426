"""Each artefact: off at zero, and at its middle it does what its name says."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from small_foot import BARE, FAT_LEVEL, foot_of, make_foot, take

from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.artefacts import (
    DEFAULT_ARTEFACTS,
    LIMITS,
    Artefacts,
    read_artefacts,
)
from pipeline.phantom.acquisition.protocols import Protocol
from pipeline.phantom.anatomy.foot import Tissue

THICK = replace(BARE, slice_thickness_mm=4.0)
SUPPRESSED = replace(THICK, fat_left=0.05)
WATER = replace(THICK, is_dixon=True, contrast=Contrast.WATER)


def shown(protocol: Protocol = THICK, **artefacts: float) -> NDArray[np.float64]:
    """Scan the small foot; fat is 1."""
    scan = take(make_foot(), protocol, **artefacts)  # type: ignore[arg-type]
    return scan.intensity.astype(float) / FAT_LEVEL


def test_every_artefact_has_its_range() -> None:
    """No number goes unchecked."""
    assert list(LIMITS) == list(asdict(Artefacts()))


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("protocol", [THICK, SUPPRESSED, WATER])
def test_zero_is_off(name: str, protocol: Protocol) -> None:
    """Zero gives the image that no artefact gives, to the bit."""
    np.testing.assert_array_equal(shown(protocol, **{name: 0.0}), shown(protocol))


@pytest.mark.parametrize("name", LIMITS)
def test_a_number_out_of_range_is_refused(name: str) -> None:
    """The message names artefact, range and number."""
    limit = f"{LIMITS[name]:g}".replace(".", r"\.")
    with pytest.raises(ConfigError, match=rf"{name} must lie between 0 and {limit}: got -0\.1"):
        Artefacts(**{name: -0.1})
    with pytest.raises(ConfigError, match=rf"{name} must lie between.*0 is off"):
        Artefacts(**{name: LIMITS[name] + 0.1})


def test_a_surface_coil_is_brighter_on_its_own_side() -> None:
    """Sensitivity falls smoothly from 3 at the coil to at least 1."""
    inside = (slice(6, -6), slice(6, -3), slice(3, 7))
    gain = shown(surface_coil=2.0)[inside] / shown()[inside]

    assert 1 <= gain.min() < 2.2 < gain.max() <= 3.01
    assert np.ptp(gain, axis=2).max() < 0.02


def test_toes_outside_the_coil_are_dark() -> None:
    """The last slice loses half of its signal, heel and midfoot none."""
    ratio = shown(toe_dropoff=0.5)[10, 10] / shown()[10, 10]

    np.testing.assert_allclose(ratio[1:7], 1, atol=0.01)
    assert 0.4 < ratio[9] < 0.8


def test_a_soft_slice_sees_beyond_its_edge() -> None:
    """Fat that ends between two slices is seen in both, and no signal is lost."""
    close = replace(BARE, slice_thickness_mm=3.3, slice_spacing_mm=3.3)
    box, soft = shown(close), shown(close, soft_slices=1.0)

    assert box[10, -3, 1] == pytest.approx(1, abs=0.005)
    assert soft[10, -3, 1] == pytest.approx(0.97, abs=0.015)
    assert soft.sum() == pytest.approx(box.sum(), rel=0.01)


def test_a_truncated_k_space_rings_beside_edges() -> None:
    """Fat overshoots beside air by 2 to 15 %, and air beside fat is no longer black."""
    ringing = shown(ringing=0.3)

    assert 1.02 < ringing.max() < 1.15
    assert ringing.sum() == pytest.approx(shown().sum(), rel=0.03)


@pytest.mark.parametrize("phase_axis", [0, 1])
def test_chemical_shift_moves_fat_along_frequency(phase_axis: int) -> None:
    """Two pixels toward higher indices, square to phase; muscle stays."""
    protocol = replace(THICK, phase_axis=phase_axis)
    plain, shifted = shown(protocol), shown(protocol, fat_shift_px=2.0)
    along = 1 - phase_axis

    rolled = np.roll(plain, 2, axis=along)
    heel = (slice(4, -4), slice(4, -4), 1)  # a slice of fat alone
    np.testing.assert_allclose(
        shifted[heel], 0.97 * rolled[heel] + 0.03 * plain[heel], atol=0.02
    )
    assert shifted[12, 15, 6] == pytest.approx(plain[12, 15, 6], abs=0.02)


def test_ghosts_lie_beside_the_foot_along_phase() -> None:
    """Air left and right of the foot is no longer black; air below it stays so."""
    ghosts = shown(ghosts=0.25)

    assert ghosts[:4, 10, 3:7].mean() > 0.02
    assert ghosts[10, :3, 3:7].max() < 0.02
    assert ghosts[10, 10, 3:7].mean() == pytest.approx(shown()[10, 10, 3:7].mean(), abs=0.5)


def test_wrap_narrows_the_image_and_folds_what_is_outside() -> None:
    """Half of the width is left, every voxel where it was, and all brightness is kept."""
    plain, folded = (take(make_foot(), THICK, wrap=w) for w in (0.0, 0.5))

    n0 = plain.grid.shape[0]
    kept = folded.grid.shape[0]
    assert kept == round(n0 / 2)
    np.testing.assert_allclose(
        folded.grid.to_world((0, 0, 0)), plain.grid.to_world(((n0 - kept) // 2, 0, 0))
    )
    total, inner = (float(s.intensity.sum(dtype=float)) for s in (plain, folded))
    assert inner == pytest.approx(total, rel=0.02)


def test_fat_suppression_fails_at_heel_and_toes() -> None:
    """Fat is bright at both ends, dark between, and muscle is as it was."""
    good, failed = shown(SUPPRESSED), shown(SUPPRESSED, failed_suppression=0.8)
    beside_muscle = failed[2 + 3, 10, :]

    assert good[10, 10, 1] == pytest.approx(0.08, abs=0.02)
    assert min(failed[10, 10, 1], failed[10, 10, 10]) > 0.2
    np.testing.assert_allclose(beside_muscle[4:8], good[5, 10, 4:8], atol=0.01)


def test_water_and_fat_are_swapped_in_a_part() -> None:
    """Fat is bright in the water image at one end of the foot only."""
    water = shown(WATER, swap=0.25)

    ends = sorted((float(water[7, 6, 1]), float(water[7, 6, 9])))
    assert ends == pytest.approx([0.03, 0.97], abs=0.03)
    assert shown(WATER)[10, 10, 1:10].max() < 0.3


def test_the_background_is_masked_to_zero() -> None:
    """Air is exactly 0; fat is what it was."""
    noisy = replace(THICK, muscle_snr=8)
    plain, masked = (take(make_foot(), noisy, background_mask=m).intensity for m in (0.0, 3.0))

    assert (masked[:2] == 0).mean() > 0.98
    assert (plain[:2] == 0).mean() < 0.2
    np.testing.assert_array_equal(masked[8:12, 8:-2, 2:9], plain[8:12, 8:-2, 2:9])


def test_tissues_vary_in_brightness_but_not_from_voxel_to_voxel() -> None:
    """All fat is brighter or darker by one factor."""
    ratio = shown(tissue_spread=0.3)[8:12, 10, 1:3] / shown()[8:12, 10, 1:3]

    assert abs(ratio.mean() - 1) > 0.02
    assert np.ptp(ratio) < 0.02


def test_the_magic_angle_brightens_oblique_tendons_only() -> None:
    """A tendon at 55 degrees to the field has 15 to 20 % of fat's signal."""
    tissues = make_foot().tissues.copy()
    tissues[9:13, 10:46, 12:16] = Tissue.TENDON
    foot = foot_of(tissues, Side.RIGHT)
    level = {}
    for degrees in (0.0, 35.3, 90.0):  # of the long axis over the horizon
        a = np.radians(degrees)
        turn = np.eye(4)
        turn[1:3, 1:3] = ((np.cos(a), -np.sin(a)), (np.sin(a), np.cos(a)))
        scan = take(foot.moved(turn), THICK, magic_angle=1.0)
        spots = foot.moved(turn).grid.to_world([(11, j, 14) for j in (24, 28, 32)])
        i, j, k = np.rint(scan.grid.to_index(spots - 0.5)).astype(int).T
        level[degrees] = float(scan.intensity[i, j, k].mean()) / FAT_LEVEL

    assert level[90.0] < 0.03  # along the field
    assert 0.15 < level[35.3] < 0.21
    assert level[90.0] < level[0.0] < level[35.3]


def test_artefacts_are_read_from_words() -> None:
    """Those not named are as usual."""
    told = read_artefacts(["ghosts=0.1", "coil_bias=0"])

    assert told == replace(DEFAULT_ARTEFACTS, ghosts=0.1, coil_bias=0.0)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("ghost=0.1", r"one of coil_bias, .*tissue_spread: got 'ghost'"),
        ("ghosts", r"ghosts must be given as a number: got ''.*ghosts=0\.2"),
        ("ghosts=much", r"ghosts must be given as a number: got 'much'"),
        ("ghosts=7", r"ghosts must lie between 0 and 0\.5: got 7"),
    ],
)
def test_artefacts_that_are_none_are_refused(word: str, message: str) -> None:
    """The message says what was read."""
    with pytest.raises(ConfigError, match=message):
        read_artefacts([word])
