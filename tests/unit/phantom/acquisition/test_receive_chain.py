"""MR artefacts of the receive chain in images of the small foot."""

from dataclasses import replace

import numpy as np
import pytest
from small_foot import BARE, SUPPRESSED, THICK, WATER, make_foot, relative_intensity, take


def test_toes_outside_the_coil_are_dark() -> None:
    """The last slice loses about half of its signal, heel and midfoot none."""
    ratio = relative_intensity(toe_dropoff=0.5)[10, 10] / relative_intensity()[10, 10]

    np.testing.assert_allclose(ratio[1:7], 1, atol=0.01)
    assert 0.4 < ratio[9] < 0.8


def test_a_soft_slice_profile_extends_beyond_the_slice() -> None:
    """Fat that ends between two slices is in both, and the total signal is kept."""
    close = replace(BARE, slice_thickness_mm=3.3, slice_spacing_mm=3.3)
    box, soft = relative_intensity(close), relative_intensity(close, soft_slices=1.0)

    assert box[10, -3, 1] == pytest.approx(1, abs=0.005)
    assert soft[10, -3, 1] == pytest.approx(0.97, abs=0.015)
    assert soft.sum() == pytest.approx(box.sum(), rel=0.01)


@pytest.mark.parametrize("phase_axis", [0, 1])
def test_chemical_shift_moves_fat_along_the_frequency_axis(phase_axis: int) -> None:
    """Two pixels toward higher indices, perpendicular to the phase axis; muscle stays."""
    protocol = replace(THICK, phase_axis=phase_axis)
    plain, shifted = (
        relative_intensity(protocol),
        relative_intensity(protocol, fat_shift_px=2.0),
    )
    along = 1 - phase_axis

    rolled = np.roll(plain, 2, axis=along)
    heel = (slice(4, -4), slice(4, -4), 1)  # a slice of fat alone
    np.testing.assert_allclose(
        shifted[heel], 0.97 * rolled[heel] + 0.03 * plain[heel], atol=0.02
    )
    assert shifted[12, 15, 6] == pytest.approx(plain[12, 15, 6], abs=0.02)


def test_fat_suppression_fails_at_heel_and_toes() -> None:
    """Fat is bright at both ends and dark in between; muscle is unchanged."""
    good, failed = (
        relative_intensity(SUPPRESSED),
        relative_intensity(SUPPRESSED, failed_suppression=0.8),
    )
    beside_muscle = failed[2 + 3, 10, :]

    assert good[10, 10, 1] == pytest.approx(0.08, abs=0.02)
    assert min(failed[10, 10, 1], failed[10, 10, 10]) > 0.2
    np.testing.assert_allclose(beside_muscle[4:8], good[5, 10, 4:8], atol=0.01)


def test_water_and_fat_are_swapped_at_one_end() -> None:
    """Fat is bright in the water image at one end only."""
    water = relative_intensity(WATER, swap=0.25)

    ends = sorted((float(water[7, 6, 1]), float(water[7, 6, 9])))
    assert ends == pytest.approx([0.03, 0.97], abs=0.03)
    assert relative_intensity(WATER)[10, 10, 1:10].max() < 0.3


def test_the_background_is_masked_to_zero() -> None:
    """Air is exactly 0; the foot is unchanged."""
    noisy = replace(THICK, muscle_snr=8)
    plain, masked = (take(make_foot(), noisy, background_mask=m).intensity for m in (0.0, 3.0))

    assert (masked[:2] == 0).mean() > 0.98
    assert (plain[:2] == 0).mean() < 0.2
    np.testing.assert_array_equal(masked[8:12, 8:-2, 2:9], plain[8:12, 8:-2, 2:9])


def test_tissue_spread_scales_each_tissue_by_one_factor() -> None:
    """All fat has the same factor."""
    ratio = (
        relative_intensity(tissue_spread=0.3)[8:12, 10, 1:3]
        / relative_intensity()[8:12, 10, 1:3]
    )

    assert abs(ratio.mean() - 1) > 0.02
    assert np.ptp(ratio) < 0.02
