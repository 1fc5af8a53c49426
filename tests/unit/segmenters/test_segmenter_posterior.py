"""A network's chances and the scan's own brightness, weighed against each other."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.posterior import label_muscles, muscle_posterior
from pipeline.segmenters.volume import Volume

GRID = Grid.from_arrays((40, 40, 12), np.diag((1.0, 1.0, 3.0, 1.0)))
MIDDLE = (np.array(GRID.shape) - 1) / 2
OFFSETS_MM = (np.indices(GRID.shape).T - MIDDLE) * GRID.spacing_mm
TRUE = (np.linalg.norm(OFFSETS_MM[..., :2], axis=-1) < 12).T
NO_BONES = np.zeros(GRID.shape, dtype=np.uint8)
Mask = NDArray[np.bool_]


def chance_of(*muscles: Mask, blur_mm: float = 3.0) -> dict[int, Volume]:
    """Give what a network might say of muscles: about right, and soft."""
    origin = -MIDDLE * GRID.spacing_mm
    # the lattice is isotropic, so the slices are drawn out
    lattice = [np.repeat(muscle, 3, axis=2).astype(np.float32) for muscle in muscles]
    start = origin - (0, 0, 1.0)
    return {
        label: Volume(ndimage.gaussian_filter(values, blur_mm), 1.0, start)
        for label, values in enumerate(lattice, start=1)
    }


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

    found = label_muscles(draw(muscle, around), GRID, chances, NO_BONES) > 0

    assert wrong(smaller) > 0.3
    assert wrong(found) < 0.05


def test_where_brightness_tells_nothing_the_network_decides() -> None:
    """Muscle against muscle of another limb, say."""
    found = muscle_posterior(draw(0.5, 0.5), GRID, chance_of(TRUE)) > 0.5

    assert wrong(found) < 0.1


def test_streaks_of_fat_are_muscle() -> None:
    """They lie in the belly, where the network is sure."""
    streaked = draw(0.4, 1.0)
    streaks = np.zeros(GRID.shape, dtype=bool)
    streaks[15:25:4, 15:25:2] = True
    streaked[streaks] = 1.0

    found = label_muscles(streaked, GRID, chance_of(TRUE, blur_mm=1.0), NO_BONES) > 0

    assert found[streaks].mean() > 0.9
    assert wrong(found) < 0.05


def test_what_the_network_never_thought_of_is_no_muscle() -> None:
    """However much it looks like muscle."""
    image = draw(0.4, 1.0)
    image[:4] = 0.4

    found = label_muscles(image, GRID, chance_of(TRUE), NO_BONES)

    assert not found[:4].any()


def test_bones_stay_and_the_likelier_muscle_is_named() -> None:
    """Two muscles that touch, and a bone in one of them."""
    left = OFFSETS_MM[..., 0].T < 0
    bones = NO_BONES.copy()
    bones[18:22, 30, :] = 3

    found = label_muscles(draw(0.4, 1.0), GRID, chance_of(TRUE & left, TRUE & ~left), bones)

    assert not found[bones > 0].any()
    assert wrong(found == 1, TRUE & left & (bones == 0)) < 0.1
    assert wrong(found == 2, TRUE & ~left & (bones == 0)) < 0.1


def test_a_probability_is_one() -> None:
    """From 0 to 1, and half of it is lost where brightness speaks against."""
    posterior = muscle_posterior(draw(0.4, 1.0), GRID, chance_of(TRUE))

    assert posterior.dtype == np.float32
    assert 0 <= posterior.min() <= posterior.max() <= 1
    assert posterior[TRUE].mean() > 0.95
    assert posterior[~TRUE].mean() < 0.05
