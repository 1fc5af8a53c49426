"""Connected components."""

import numpy as np
import pytest

from pipeline.segmenters.components import component_sizes, large_components

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
