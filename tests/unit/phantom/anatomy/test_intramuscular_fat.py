"""Intramuscular fat: amount, location and direction."""

from types import MappingProxyType

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, LONG, Field
from pipeline.phantom.anatomy.intramuscular_fat import fat_streaks
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape

LATTICE = Lattice.over(np.array((-12.0, 5, 0)), np.array((13.0, 75, 22)), 1.0)
FRACTIONS = {1: 0.05, 2: 0.3}


@pytest.fixture(scope="module")
def muscles() -> NDArray[np.uint8]:
    """Make three boxes of muscle with gaps between them."""
    labels = np.zeros(LATTICE.shape, dtype=np.uint8)
    for label, start in enumerate((1, 9, 17), start=1):
        labels[start : start + 7, 3:67, 2:20] = label
    return labels


def streaks(muscles: NDArray[np.uint8], fractions: dict[int, float], seed: int = 3) -> Field:
    """Make streaks; there must be some."""
    shape = FootShape(fat_fractions=MappingProxyType(fractions), texture_seed=seed)
    fat = fat_streaks(muscles, LATTICE, shape)
    assert fat is not None
    return fat


@pytest.mark.parametrize("fractions", [{}, {1: 0.0, 2: 0.0}, {12: 0.4}])
def test_lean_muscle_has_no_streaks(
    muscles: NDArray[np.uint8], fractions: dict[int, float]
) -> None:
    """The same holds for a fat fraction of an absent muscle."""
    shape = FootShape(fat_fractions=MappingProxyType(fractions))

    assert fat_streaks(muscles, LATTICE, shape) is None


def test_the_mean_fat_fraction_is_the_given_one(muscles: NDArray[np.uint8]) -> None:
    """Within 0.01 in each muscle, and 0 in a lean one."""
    fat = streaks(muscles, FRACTIONS)

    for label, fraction in {**FRACTIONS, 3: 0.0}.items():
        assert fat[muscles == label].mean() == pytest.approx(fraction, abs=0.01)
    assert 0 <= fat.min() < fat.max() <= 1


@pytest.mark.parametrize("fraction", [0.6, 0.9])
def test_the_mean_is_the_given_one_in_fatty_muscle_too(
    muscles: NDArray[np.uint8], fraction: float
) -> None:
    """Up to 0.9, the limit of a shape."""
    fat = streaks(muscles, {2: fraction})

    assert fat[muscles == 2].mean() == pytest.approx(fraction, abs=0.01)


def test_there_is_no_fat_fraction_outside_muscle(muscles: NDArray[np.uint8]) -> None:
    """It is exactly 0 outside and varies inside."""
    fat = streaks(muscles, FRACTIONS)

    assert not fat[muscles == 0].any()
    assert fat[muscles == 2].std() > 0.3 * 0.5


def test_streaks_run_along_the_foot(muscles: NDArray[np.uint8]) -> None:
    """Points 4 mm apart are correlated along the foot, and hardly across it."""
    fat = streaks(muscles, {2: 0.2})

    def correlation(axis: int) -> float:
        box = np.moveaxis(fat[9:16, 3:67, 2:20], axis, 0)
        return float(np.corrcoef(box[:-4].ravel(), box[4:].ravel())[0, 1])

    assert correlation(LONG) > 0.85
    assert max(correlation(LATERAL), correlation(DORSAL)) < 0.6


def test_same_seed_same_streaks(muscles: NDArray[np.uint8]) -> None:
    """To the byte; another seed gives other streaks."""
    first, second, other = (streaks(muscles, FRACTIONS, seed=n) for n in (3, 3, 4))

    assert first.tobytes() == second.tobytes()
    assert np.abs(first - other).max() > 0.1
