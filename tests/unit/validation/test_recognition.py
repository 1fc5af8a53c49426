"""The table of recognised and refused images."""

import numpy as np

from pipeline.segmenters.network.network_segmenter import USUAL_BONE_DISTANCE
from validation.recognition import Result, table


def result(distance: float, refusal: str = "", group: str = "feet") -> Result:
    """Make a result with a residual of five times the distance."""
    return Result(group, "name", distance, 5 * distance, refusal)


def test_each_group_has_its_ranges() -> None:
    """Least, median and greatest; images without bones are counted apart."""
    results = [
        result(0.5),
        result(0.75),
        result(1.0),
        result(np.nan, "no bones", "legs"),
        result(3.0, "far", "legs"),
    ]

    feet, legs = table(results).splitlines()[2:]

    assert feet == "| feet | 3 | 0 | 0 | 0.50, 0.75, 1.00 | 2.5, 3.8, 5.0 | 0 of 3 |"
    assert legs == "| legs | 2 | 2 | 1 | 3.00, 3.00, 3.00 | 15.0, 15.0, 15.0 | 0 of 0 |"


def test_a_group_without_bones_has_no_range() -> None:
    """As most legs have."""
    assert "| n/a | n/a |" in table([result(np.nan, "no bones")])


def test_unusual_bones_are_counted_among_the_images_that_are_taken() -> None:
    """A refused image has no caution."""
    far = USUAL_BONE_DISTANCE + 0.1

    assert table([result(far), result(0.5), result(far, "cut off")]).endswith("| 1 of 2 |")
