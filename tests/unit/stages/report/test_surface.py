"""Muscles and bones in three dimensions."""

import numpy as np
import pytest
from boxed_foot import split_of, without_labels

from pipeline.domain.scan import Side
from pipeline.stages.report.reformats import DORSAL, RIGHTWARD
from pipeline.stages.report.surface import Look, Solid, render_look, surface


def solid(label: int, *box: slice) -> Solid:
    """Fill a box of the lattice, but for its outermost points."""
    inner = [side.stop - side.start - 2 for side in box]
    return Solid(label, box, np.pad(np.ones(inner, dtype=np.float32), 1))


LATTICE = np.array((40, 30, 20))
HEEL_LOW = solid(1, slice(2, 12), slice(4, 14), slice(1, 9))
TOES_HIGH = solid(2, slice(20, 38), slice(12, 26), slice(6, 18))
ABOVE_HEEL = solid(3, slice(2, 12), slice(4, 14), slice(10, 19))


@pytest.mark.parametrize(
    ("look", "nearest"),
    [
        (Look("from the sole", DORSAL, from_high=False), 1),
        (Look("from above", DORSAL, from_high=True), 3),
    ],
)
def test_what_is_nearest_covers_what_lies_behind(look: Look, nearest: int) -> None:
    """Two boxes above each other: one of them is seen."""
    _, labels = render_look([HEEL_LOW, TOES_HIGH, ABOVE_HEEL], LATTICE, look)

    assert set(np.unique(labels)) == {0, nearest, 2}
    assert labels.shape == (90, 120)


@pytest.mark.parametrize("from_high", [True, False])
def test_nothing_is_mirrored_from_the_side(from_high: bool) -> None:
    """From the body's right the toes point right, from its left they point left."""
    look = Look("side", RIGHTWARD, from_high=from_high)

    _, labels = render_look([HEEL_LOW, TOES_HIGH], LATTICE, look)

    heel, toes = (np.argwhere(labels == k).mean(axis=0) for k in (1, 2))
    assert (heel[1] < toes[1]) == from_high
    assert heel[0] < toes[0]  # rows from below


def test_a_surface_that_faces_the_light_is_brighter() -> None:
    """A slope down to the right is darker than one down to the left."""
    ramp = np.zeros((20, 30, 40), dtype=np.float32)  # long, rightward, dorsal
    for k in range(20):
        height = 10 + 2 * min(k, 19 - k)
        ramp[k, 2:28, 2:height] = 1
    look = Look("from above", DORSAL, from_high=True)
    box = (slice(0, 20), slice(0, 30), slice(0, 40))

    shades, labels = render_look([Solid(1, box, ramp)], np.array((20, 30, 40)), look)

    inside = labels[45] == 1
    rising, falling = shades[45, 12:24], shades[45, 36:48]
    assert inside[12:48].all()
    assert rising.mean() > falling.mean() + 0.1


@pytest.mark.integration
@pytest.mark.parametrize("side", Side)
def test_the_picture_is_the_same_each_time(side: Side) -> None:
    """Also where nothing is labelled."""
    for split in (split_of(side), without_labels(split_of(side))):
        first, again = surface(split), surface(split)

        assert first == again
        assert first.startswith(b"\x89PNG")
