"""The 95th percentile of the distance of two surfaces."""

import pytest
from makers import make_labels

from pipeline.domain.grid import Grid
from pipeline.stages.agree import Structures, overlap

NAMES = {1: "ABH"}
LONG = (slice(4, 5), slice(5, 25), slice(3, 4))
HALF = (slice(4, 5), slice(5, 15), slice(3, 4))


@pytest.mark.parametrize("is_swapped", [False, True])
def test_hd95_is_the_percentile_of_the_worse_direction(grid: Grid, is_swapped: bool) -> None:
    """Of 20 voxels in a row, 0.7 mm apart, ten are 0.7 to 7.0 mm off the other map's ten.

    The 95th percentile lies between the last two distances, at 18.05 of 19.
    """
    maps = [make_labels(grid, {1: box}, NAMES) for box in (LONG, HALF)]
    reference, segmentation = reversed(maps) if is_swapped else maps

    rows = overlap(reference, segmentation, Structures(NAMES, (1,), "sum"), "sub-01")

    assert rows["hd95_mm"].tolist() == pytest.approx([6.3 + 0.05 * 0.7] * 2)
