"""A network's chances and the scan's own brightness, weighed against each other."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.posterior import muscle_posterior

GRID = Grid.from_arrays((40, 40, 12), np.diag((1.0, 1.0, 3.0, 1.0)))
MIDDLE = (np.array(GRID.shape) - 1) / 2
OFFSETS_MM = (np.indices(GRID.shape).T - MIDDLE) * GRID.spacing_mm
TRUE = (np.linalg.norm(OFFSETS_MM[..., :2], axis=-1) < 12).T
Mask = NDArray[np.bool_]


def chance_of(muscle: Mask, blur_mm: float = 3.0) -> NDArray[np.float32]:
    """Give what a network might say of a muscle: about right, and soft."""
    voxels = blur_mm / np.array(GRID.spacing_mm)
    chance: NDArray[np.float32] = ndimage.gaussian_filter(muscle.astype(np.float32), voxels)
    return chance


def draw(muscle: float, around: float, noise: float = 0.05) -> NDArray[np.float32]:
    """Draw the muscle in what lies about it."""
    rng = np.random.default_rng(5)
    clean = np.where(TRUE, muscle, around)
    return (clean + rng.normal(0, noise, GRID.shape)).astype(np.float32)


def wrong(found: Mask, true: Mask = TRUE) -> float:
    """Give the part of the muscle that is missed or too much."""
    return np.count_nonzero(found != true) / np.count_nonzero(true)


@pytest.mark.parametrize(("muscle", "around"), [(0.4, 1.0), (1.0, 0.2), (0.9, 1.1)])
def test_brightness_moves_the_border_to_its_place(muscle: float, around: float) -> None:
    """Whichever is the brighter one, and though the network's muscle is too small."""
    smaller = ndimage.binary_erosion(TRUE, np.ones((5, 5, 1), dtype=bool))
    chances = chance_of(smaller)

    found = muscle_posterior(draw(muscle, around), chances) > 0.5

    assert wrong(smaller) > 0.3
    assert wrong(found) < 0.05


def test_where_brightness_tells_nothing_the_network_decides() -> None:
    """Muscle against muscle of another limb, say."""
    found = muscle_posterior(draw(0.5, 0.5), chance_of(TRUE)) > 0.5

    assert wrong(found) < 0.1


def test_streaks_of_fat_are_muscle() -> None:
    """They lie in the belly, where the network is sure."""
    streaked = draw(0.4, 1.0)
    streaks = np.zeros(GRID.shape, dtype=bool)
    streaks[15:25:4, 15:25:2] = True
    streaked[streaks] = 1.0

    found = muscle_posterior(streaked, chance_of(TRUE, blur_mm=1.0)) > 0.5

    assert found[streaks].mean() > 0.9
    assert wrong(found) < 0.05


def test_what_the_network_never_thought_of_is_no_muscle() -> None:
    """However much it looks like muscle."""
    image = draw(0.4, 1.0)
    image[:4] = 0.4

    found = muscle_posterior(image, chance_of(TRUE))

    assert found[:4].max() < 0.5


def test_where_there_is_no_chance_there_is_no_muscle() -> None:
    """Nothing to learn brightness from either."""
    assert not muscle_posterior(draw(0.4, 1.0), np.zeros(GRID.shape, np.float32)).any()


def test_a_probability_is_one() -> None:
    """From 0 to 1, and half of it is lost where brightness speaks against."""
    posterior = muscle_posterior(draw(0.4, 1.0), chance_of(TRUE))

    assert posterior.dtype == np.float32
    assert 0 <= posterior.min() <= posterior.max() <= 1
    assert posterior[TRUE].mean() > 0.95
    assert posterior[~TRUE].mean() < 0.05
