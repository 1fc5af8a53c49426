"""Muscle borders by the scan's own brightness."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.segmenters.atlas.intensity_refinement import chances_of, refine_muscles
from pipeline.segmenters.network.isotropic_image import Volume

MUSCLE, FAT, TENDON = 0.4, 1.0, 0.05
LATTICE = (54, 50, 48)  # of the carried labels, 1 mm, as the scans below show
GRID = Grid.from_arrays((60, 50, 16), np.diag((0.9, 1.0, 3.0, 1.0)))
FINE = Grid.from_arrays((90, 84, 12), np.diag((0.6, 0.6, 4.0, 1.0)))
TRUE_MM = ((-13.5, 13.5), (-13.0, 13.0), (-15.0, 15.0))
TENDON_MM = ((-2.0, 1.0), (-13.0, 5.0), (-24.0, 24.0))
Box = tuple[tuple[float, float], ...]
Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


def inside(box_mm: Box, grid: Grid) -> Mask:
    """Mark the voxels whose centres lie in a box about the image's middle."""
    middle = (np.array(grid.shape) - 1) / 2
    positions = (np.indices(grid.shape).T - middle) * grid.spacing_mm
    low, high = np.array(box_mm).T
    mask: Mask = ((positions >= low) & (positions <= high)).all(axis=-1).T
    return mask


def draw(grid: Grid, *parts: tuple[Box, float], around: float = FAT) -> Image:
    """Draw boxes of tissue, later ones over earlier ones, with noise."""
    values = np.full(grid.shape, around)
    for box_mm, brightness in parts:
        values[inside(box_mm, grid)] = brightness
    noise = np.random.default_rng(8).normal(0, 0.02, grid.shape)
    return (values + noise).astype(np.float32)


def carry(*outlines: Box) -> Volume:
    """Carry muscles over, labelled 1, 2, ... in this order."""
    lattice = Grid.from_arrays(LATTICE, np.eye(4))
    labels = np.zeros(LATTICE, dtype=np.float32)
    for label, box_mm in enumerate(outlines, start=1):
        labels[inside(box_mm, lattice)] = label
    return Volume(labels, 1.0, -(np.array(LATTICE) - 1) / 2)


def refine(image: Image, carried: Volume, grid: Grid = GRID) -> NDArray[np.uint8]:
    """Refine where no bone is near."""
    return refine_muscles(
        image, grid, chances_of(carried), np.zeros(grid.shape, dtype=np.uint8)
    )


@pytest.fixture
def image() -> Image:
    """Draw a block of muscle in fat, with a tendon through it."""
    return draw(GRID, (TRUE_MM, MUSCLE), (TENDON_MM, TENDON))


@pytest.fixture
def carried() -> Volume:
    """Carry two touching muscles over, 1 mm too far to one side and 1 mm too wide."""
    across, along = (-14.0, 14.0), (-15.0, 15.0)
    return carry(((-12.5, 1.5), across, along), ((1.5, 14.5), across, along))


def test_borders_move_to_where_brightness_changes(image: Image, carried: Volume) -> None:
    """Every voxel of the block but those of the tendon is muscle, and nothing else."""
    refined = refine(image, carried)

    expected = inside(TRUE_MM, GRID) & ~inside(TENDON_MM, GRID)
    wrong = np.count_nonzero((refined > 0) != expected)
    assert wrong / np.count_nonzero(expected) < 0.01


@pytest.mark.parametrize("grid", [GRID, FINE], ids=["0.9 mm", "0.6 mm"])
def test_border_voxels_with_some_fat_are_muscle(carried: Volume, grid: Grid) -> None:
    """Pixels of any size that are a third fat belong to the muscle that they border on."""
    rim_mm = grid.spacing_mm[0]
    core_mm = ((TRUE_MM[0][0] + rim_mm, TRUE_MM[0][1] - rim_mm), *TRUE_MM[1:])
    mixed = draw(grid, (TRUE_MM, MUSCLE + 0.33 * (FAT - MUSCLE)), (core_mm, MUSCLE))

    refined = refine(mixed, carried, grid)

    assert (refined > 0)[inside(TRUE_MM, grid)].mean() > 0.98


def test_fat_and_tendon_inside_are_no_muscle(image: Image, carried: Volume) -> None:
    """A streak of fat is left out as the tendon is, and what is around them is kept."""
    streak = inside(((5.0, 8.0), (-13.0, 13.0), (-24.0, 24.0)), GRID)

    refined = refine(np.where(streak, FAT, image).astype(np.float32), carried)

    left_out = streak | inside(TENDON_MM, GRID)
    assert not refined[left_out].any()
    assert (refined > 0)[inside(TRUE_MM, GRID) & ~left_out].mean() > 0.99


def test_a_thin_rim_of_mixed_signal_is_no_muscle() -> None:
    """Where a tendon meets fat, partial volume passes through muscle's brightness."""
    rim_mm, tendon_mm = (((-r, r), (6.0 - r, 6.0 + r), (-24.0, 24.0)) for r in (2.7, 2.1))
    block_mm = ((-13.5, 13.5), (-13.0, 0.0), (-15.0, 15.0))
    scan = draw(FINE, (block_mm, MUSCLE), (rim_mm, MUSCLE), (tendon_mm, TENDON))

    refined = refine(scan, carry(((-13.5, 13.5), (-13.0, 10.0), (-15.0, 15.0))), FINE)

    assert not refined[inside(rim_mm, FINE)].any()
    assert (refined > 0)[inside(block_mm, FINE)].mean() > 0.99


def test_the_bright_half_of_the_band_counts_beside_sure_muscle_only() -> None:
    """A voxel shared with fat is muscle at muscle's border, and nothing far from it."""
    mixed = MUSCLE + 0.4 * (FAT - MUSCLE)
    block_mm = ((-13.5, 13.5), (-13.0, 0.0), (-15.0, 15.0))
    beside_mm = ((-13.5, 13.5), (0.0, 0.7), (-15.0, 15.0))
    apart_mm = ((-13.5, 13.5), (6.0, 8.0), (-15.0, 15.0))
    scan = draw(
        FINE,
        (beside_mm, mixed),
        (apart_mm, mixed),
        (block_mm, MUSCLE),
        (((-24.0, 24.0), (-24.0, -22.0), (-24.0, 24.0)), TENDON),
    )

    refined = refine(scan, carry(((-13.5, 13.5), (-13.0, 10.0), (-15.0, 15.0))), FINE)

    assert (refined > 0)[inside(beside_mm, FINE)].mean() > 0.95
    assert not refined[inside(apart_mm, FINE)].any()


@pytest.mark.parametrize("slice_mm", [1.0, 4.0])
def test_slices_have_no_say_in_how_far_a_border_may_move(slice_mm: float) -> None:
    """Muscle beyond the atlas is followed for 1.25 mm across slices as within them."""
    spacing = (1.0, 1.2, slice_mm)
    grid = Grid.from_arrays((54, 41, round(48 / slice_mm)), np.diag((*spacing, 1.0)))
    scan = draw(grid, (((-13.0, 13.0), (-13.0, 13.0), (-24.0, 24.0)), MUSCLE))

    refined = refine(scan, carry(((-9.0, 9.0), (-9.0, 9.0), (-13.0, 13.0))), grid)

    for axis, half_mm in enumerate((9.0, 9.0, 13.0)):
        others = tuple({0, 1, 2} - {axis})
        centres_mm = (np.arange(grid.shape[axis]) - (grid.shape[axis] - 1) / 2) * spacing[axis]
        reached = (refined > 0).any(axis=others)
        np.testing.assert_array_equal(reached, np.abs(centres_mm) < half_mm + 1.25)


def test_neighbours_share_where_the_atlas_puts_their_border(
    image: Image, carried: Volume
) -> None:
    """Brightness cannot tell one muscle from the next; muscle goes on between them."""
    refined = refine(image, carried)

    whole = (-24.0, 24.0)
    assert set(np.unique(refined[inside(((-24.0, 1.0), whole, whole), GRID)])) == {0, 1}
    assert set(np.unique(refined[inside(((2.0, 24.0), whole, whole), GRID)])) == {0, 2}
    border = inside(((1.0, 2.0), (5.5, 12.5), (-14.0, 14.0)), GRID)
    assert refined[border].all()


def test_muscle_never_enters_bone(image: Image, carried: Volume) -> None:
    """Marrow may be as bright as muscle on other contrasts."""
    bones = np.zeros(GRID.shape, dtype=np.uint8)
    bones[20:26, 18:24, 5:9] = 8

    refined = refine_muscles(image, GRID, chances_of(carried), bones)

    assert not refined[bones > 0].any()
    assert refined[bones == 0].any()


def test_what_is_far_from_the_atlas_is_no_muscle(image: Image, carried: Volume) -> None:
    """Another block of the same brightness stays background."""
    both = image.copy()
    both[15:45, 44:49] = MUSCLE

    assert not refine(both, carried)[:, 44:].any()


def test_a_band_without_brighter_tissue_is_open_above(carried: Volume) -> None:
    """On a water image muscle is the brightest: noise above its own level costs nothing."""
    refined = refine(draw(GRID, (TRUE_MM, FAT), around=TENDON), carried)

    assert np.mean((refined > 0) == inside(TRUE_MM, GRID)) > 0.999


def test_a_band_without_darker_tissue_is_open_below(carried: Volume) -> None:
    """Muscle in fat without tendon, cortex or air: the darkest voxels are noise."""
    refined = refine(draw(GRID, (TRUE_MM, MUSCLE)), carried)

    assert np.mean((refined > 0) == inside(TRUE_MM, GRID)) > 0.99


def test_the_reverse_contrast_works_as_well(image: Image, carried: Volume) -> None:
    """On a water image muscle is bright and fat dark."""
    assert np.mean((refine(1.1 - image, carried) > 0) == (refine(image, carried) > 0)) > 0.98
