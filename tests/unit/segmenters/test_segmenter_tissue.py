"""Muscle borders by the scan's own brightness."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.segmenters.tissue import refine_muscles

SHAPE = (60, 50, 16)
SPACING_MM = (0.9, 1.0, 3.0)
MUSCLE, FAT, TENDON = 0.4, 1.0, 0.05
TRUE = (slice(15, 45), slice(12, 38), slice(3, 13))
Image = NDArray[np.float32]
Labels = NDArray[np.uint8]


@pytest.fixture
def image() -> Image:
    """Draw a block of muscle in fat, with a tendon through it and noise."""
    values = np.full(SHAPE, FAT)
    values[TRUE] = MUSCLE
    values[28:31, 12:30] = TENDON
    noise = np.random.default_rng(8).normal(0, 0.02, SHAPE)
    return (values + noise).astype(np.float32)


@pytest.fixture
def carried() -> Labels:
    """Carry two touching muscles over, 2 mm too far to one side and 1 mm too wide."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[16:32, 11:39, 3:13] = 1
    labels[32:48, 11:39, 3:13] = 2
    return labels


def no_bones() -> Labels:
    """Draw no bone."""
    return np.zeros(SHAPE, dtype=np.uint8)


def test_borders_move_to_where_brightness_changes(image: Image, carried: Labels) -> None:
    """Every voxel of the block but those at the tendon is muscle, and nothing else."""
    refined = refine_muscles(image, carried, no_bones(), SPACING_MM)

    expected = np.zeros(SHAPE, dtype=bool)
    expected[TRUE] = True
    expected[28:31, 12:30] = False
    wrong = np.count_nonzero((refined > 0) != expected)
    assert wrong / np.count_nonzero(expected) < 0.01


def test_fat_and_tendon_inside_are_no_muscle(image: Image, carried: Labels) -> None:
    """A streak of fat is left out as the tendon is."""
    streaked = image.copy()
    streaked[35:38, 12:38] = FAT

    refined = refine_muscles(streaked, carried, no_bones(), SPACING_MM)

    assert not refined[35:38, 12:38].any()
    assert not refined[28:31, 12:30].any()


def test_neighbours_share_where_the_atlas_puts_their_border(
    image: Image, carried: Labels
) -> None:
    """Brightness cannot tell one muscle from the next."""
    refined = refine_muscles(image, carried, no_bones(), SPACING_MM)

    assert set(np.unique(refined[15:31])) == {0, 1}
    assert set(np.unique(refined[33:45])) == {0, 2}


def test_muscle_never_enters_bone(image: Image, carried: Labels) -> None:
    """Marrow may be as bright as muscle on other contrasts."""
    bones = no_bones()
    bones[20:26, 18:24, 5:9] = 8

    refined = refine_muscles(image, carried, bones, SPACING_MM)

    assert not refined[bones > 0].any()


def test_what_is_far_from_the_atlas_is_no_muscle(image: Image, carried: Labels) -> None:
    """Another block of the same brightness stays background."""
    both = image.copy()
    both[15:45, 44:49] = MUSCLE

    assert not refine_muscles(both, carried, no_bones(), SPACING_MM)[:, 44:].any()


def test_the_reverse_contrast_works_as_well(image: Image, carried: Labels) -> None:
    """On a water image muscle is bright and fat dark."""
    refined = refine_muscles(1.1 - image, carried, no_bones(), SPACING_MM)
    upright = refine_muscles(image, carried, no_bones(), SPACING_MM)

    assert np.mean((refined > 0) == (upright > 0)) > 0.98
