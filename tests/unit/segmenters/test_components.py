"""Connected components."""

import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels

from pipeline.domain.grid import Grid
from pipeline.segmenters.components import (
    component_sizes,
    indices_in_image,
    label_boxes,
    large_components,
    without_specks,
)

# Two squares that touch at a corner, a bar of two voxels and a single one.
MASK = np.array(
    [[[1, 1, 0, 0, 0, 1], [1, 1, 0, 0, 0, 1], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 1]]]
)
MASK = MASK.astype(bool)


@pytest.mark.parametrize(("connectivity", "sizes"), [(1, [1, 2, 4, 4]), (3, [1, 2, 8])])
def test_voxels_of_each_component_are_counted(connectivity: int, sizes: list[int]) -> None:
    """Corners join components only where they should."""
    labels, counts = component_sizes(MASK, connectivity=connectivity)

    assert sorted(counts[1:].tolist()) == sizes
    assert counts[0] == 0
    assert ((labels > 0) == MASK).all()


def test_components_below_the_fraction_are_removed() -> None:
    """The fraction is that of the largest component; equal is enough."""
    kept = large_components(MASK, 0.5, connectivity=1)

    assert kept.sum() == 10
    assert not kept[0, 3, 5]
    assert large_components(MASK, 0.25, connectivity=1).sum() == 11


def test_an_empty_mask_stays_empty() -> None:
    """There is no largest component."""
    empty = np.zeros((2, 3, 4), dtype=bool)

    assert not large_components(empty, 0.5, connectivity=1).any()


def test_specks_go_holes_are_filled_and_islands_join_their_surroundings() -> None:
    """Two muscles side by side, in voxels of 2 mm3; 20 mm3 are ten of them."""
    grid = Grid.from_arrays((12, 12, 12), np.diag((1.0, 2.0, 1.0, 1.0)))
    clean = np.zeros(grid.shape, np.uint8)
    clean[1:5, 1:9, 1:9], clean[5:9, 1:9, 1:9] = 3, 7
    spoilt = clean.copy()
    spoilt[2:4, 3, 3] = 0  # a hole
    spoilt[6:8, 4, 4] = 3  # an island in the other muscle
    spoilt[11, 11, 10:] = 7  # a speck in the fat

    np.testing.assert_array_equal(without_specks(spoilt, grid, 20.0), clean)
    np.testing.assert_array_equal(without_specks(spoilt, grid, 2.0), spoilt)


def test_nothing_but_specks_leaves_nothing() -> None:
    """Even the largest is too small."""
    grid = Grid.from_arrays((4, 4, 4), np.eye(4))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 1, 1:3] = 5

    assert not without_specks(labels, grid, 3.0).any()
    assert not without_specks(np.zeros_like(labels), grid, 3.0).any()


def test_boxes_hold_the_structures_that_are_present() -> None:
    """Absent labels have none; indices are those in the whole image."""
    labels = make_labels(make_grid(), {3: BLOCK})

    ((label, box),) = label_boxes(labels).items()

    assert (label, box) == (3, BLOCK)
    mask = labels.voxels[box] == label
    np.testing.assert_array_equal(
        indices_in_image(mask, box), np.nonzero(labels.voxels == label)
    )
