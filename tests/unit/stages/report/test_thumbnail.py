"""The small picture of the grid."""

from io import BytesIO

import numpy as np
import pytest
from boxed_foot import scan_of, split_of, without_labels
from numpy.typing import NDArray
from PIL import Image

from pipeline.domain.anatomy import MUSCLE_COLOURS
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Side
from pipeline.stages.report.thumbnail import thumbnail


def pixels_of(split: RegionSplit) -> NDArray[np.int_]:
    """Draw, and give the pixels."""
    return np.asarray(Image.open(BytesIO(thumbnail(scan_of(split), split)))).astype(int)


@pytest.mark.parametrize("side", Side)
def test_a_thumbnail_shows_the_muscles_in_their_colours(side: Side) -> None:
    """Outlines are close to them after compression; a few kB are enough for a grid of 200."""
    pixels = pixels_of(split_of(side))
    colour = np.array([int(MUSCLE_COLOURS[1][k : k + 2], 16) for k in (1, 3, 5)])

    assert (np.abs(pixels - colour).max(axis=-1) < 60).sum() > 30
    assert len(thumbnail(scan_of(split_of(side)), split_of(side))) < 60_000


def test_a_thumbnail_is_the_same_each_time() -> None:
    """It has no date."""
    split = split_of()

    assert thumbnail(scan_of(split), split) == thumbnail(scan_of(split), split)


def test_a_foot_without_labels_is_grey() -> None:
    """Nothing is tinted."""
    pixels = pixels_of(without_labels(split_of()))

    assert np.ptp(pixels, axis=-1).max() < 12
