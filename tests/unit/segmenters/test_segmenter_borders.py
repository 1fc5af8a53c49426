"""Voxels that a muscle's border cuts, counted by the part of them that is muscle."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.borders import with_border_shares

GRID = Grid.from_arrays((60, 60, 8), np.diag((0.6, 0.6, 4.0, 1.0)))
FINER = 10
Array = NDArray[np.float32]


def part_of(low_mm: float, high_mm: float) -> Array:
    """Give the part of each voxel that lies between two planes across the first axis."""
    places = (np.arange(60 * FINER) + 0.5) * 0.6 / FINER
    inside = ((places > low_mm) & (places < high_mm)).reshape(60, FINER).mean(axis=1)
    return np.broadcast_to(inside[:, None, None], GRID.shape).astype(np.float32)


def soft(part: Array, voxels: float = 2.0) -> Array:
    """Give what a network might say of it."""
    chance: Array = ndimage.gaussian_filter(part, (voxels, 0, 0))
    return chance


@pytest.mark.parametrize(
    ("muscle", "before", "behind"), [(0.4, 1.0, 0.05), (0.9, 0.2, 0.1), (0.3, 0.6, 1.0)]
)
def test_a_border_voxel_counts_by_its_part(muscle: float, before: float, behind: float) -> None:
    """Fat on one side and tendon on the other, or bright muscle, or none is dark."""
    part, front = part_of(10.5, 24.18), part_of(0, 10.5)
    image = muscle * part + before * front + behind * (1 - part - front)
    image += np.random.default_rng(3).normal(0, 0.01, GRID.shape)

    shares = with_border_shares(image.astype(np.float32), GRID, soft(part), soft(part))

    for border, inside in ((17, 18), (40, 39)):
        due = part[border, 0, 0]
        assert 0.2 < due < 0.8
        assert shares[border].mean() == pytest.approx(due, abs=0.05)
        assert shares[inside].mean() == pytest.approx(1, abs=0.05)


def test_a_thin_sheet_of_fat_is_known_by_its_purest_voxels() -> None:
    """Most voxels of such a sheet are mixed themselves, so their mean is no fat."""
    part, sheet = part_of(10.5, 24.3), part_of(24.3, 25.5)
    image = 0.4 * part + 1.0 * sheet + 0.1 * (1 - part - sheet)
    image += np.random.default_rng(3).normal(0, 0.01, GRID.shape)
    chance = soft(part, 0.5)

    shares = with_border_shares(image.astype(np.float32), GRID, chance, chance)

    assert shares[40].mean() == pytest.approx(part[40, 0, 0], abs=0.1)


def test_fat_and_tendon_mixed_are_no_muscle() -> None:
    """Between both a voxel is as bright as muscle, where the network hardly sees any."""
    part = part_of(10.8, 24.0)
    image = np.where(part > 0.5, 0.4, 0.7)
    image[41:, ::2] = 0.1
    image[40] = 0.4
    image += np.random.default_rng(3).normal(0, 0.01, GRID.shape)
    chance = soft(part, 0.5)

    shares = with_border_shares(image.astype(np.float32), GRID, chance, chance)

    assert chance[40].mean() == pytest.approx(0.1, abs=0.05)
    assert shares[40].mean() < 0.5
    assert shares[39].mean() > 0.9


def test_what_muscle_differs_by_itself_is_no_border() -> None:
    """Streaks of fat make muscle uneven, and its outermost voxels are muscle none the less."""
    part = part_of(10.8, 24.0)
    image = np.where(part > 0.5, 0.4, 1.0)
    image += np.random.default_rng(3).normal(0, 0.1, GRID.shape)

    shares = with_border_shares(image.astype(np.float32), GRID, soft(part), soft(part))

    assert (shares[39] > 0.9).mean() > 0.8


def test_where_both_sides_look_alike_nothing_is_moved() -> None:
    """Brightness cannot tell, so the probability stays."""
    part = part_of(10.5, 24.18)
    image = np.random.default_rng(3).normal(0.5, 0.02, GRID.shape).astype(np.float32)

    shares = with_border_shares(image, GRID, soft(part), soft(part))

    assert (shares != soft(part)).mean() < 0.001  # but for noise that stands out


def test_without_any_belly_nothing_is_moved() -> None:
    """There is no muscle to learn brightness from."""
    chance = np.full(GRID.shape, 0.3, np.float32)

    shares = with_border_shares(np.ones(GRID.shape, np.float32), GRID, chance, chance)

    np.testing.assert_array_equal(shares, chance)


def test_slices_are_not_mixed() -> None:
    """What lies 4 mm away in the next slice does not count as nearby."""
    part = part_of(10.5, 24.18).copy()
    part[..., 4:] = 0
    image = np.where(part > 0.5, 0.4, 1.0).astype(np.float32)
    whole = with_border_shares(
        np.where(part_of(10.5, 24.18) > 0.5, 0.4, 1.0).astype(np.float32),
        GRID,
        soft(part_of(10.5, 24.18)),
        soft(part_of(10.5, 24.18)),
    )

    shares = with_border_shares(image, GRID, soft(part), soft(part))

    np.testing.assert_array_equal(shares[..., :4], whole[..., :4])
    assert not shares[..., 4:].any()
