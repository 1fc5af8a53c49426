"""Which of several shapes a voxel goes to."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.phantom.anatomy.capsules import Capsule
from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label

LABELS = {"left": 3, "right": 5, "third": 5}
ROW = (slice(None), 8, 4)  # through all centres
LATTICE = Lattice.over(np.array((-20.0, -8, -4)), np.array((20.0, 9, 5)), 1.0)


def ball(lateral_mm: float) -> Capsule:
    """Make a ball, all but, of 4 mm radius."""
    return Capsule(np.array(((lateral_mm, 0, 0), (lateral_mm + 1e-3, 0, 0))), (4.0, 4.0))


BALLS = [("left", ball(-6.0)), ("right", ball(6.0)), ("third", ball(10.0))]


def hold(
    names: tuple[str, ...], offsets: Array | None = None
) -> tuple[NDArray[np.uint8], Field, Field]:
    """Let some of them contend."""
    shapes = [(name, shape) for name, shape in BALLS if name in names]
    return assign_nearest_label(LATTICE, shapes, LABELS, margin_mm=30.0, offsets=offsets)


def test_each_voxel_goes_to_the_nearest() -> None:
    """Left of the middle to one, right of it to the other, at distances known."""
    owner, first, second = hold(("left", "right"))

    lateral = LATTICE.planes_mm()[0]
    assert (owner[ROW][lateral < 0] == 3).all()
    assert (owner[ROW][lateral > 0] == 5).all()
    near, far = np.abs(lateral[:, None] - (-6, 6)).T - 4
    np.testing.assert_allclose(first[ROW], np.minimum(near, far), atol=2e-3)
    np.testing.assert_allclose(second[ROW], np.maximum(near, far), atol=2e-3)


def test_parts_of_one_label_do_not_contend() -> None:
    """A second ball of the right label leaves the distance to the nearest rival alone."""
    _, _, alone = hold(("left", "right"))
    owner, first, second = hold(("left", "right", "third"))

    is_right = owner == 5
    np.testing.assert_allclose(second[is_right], alone[is_right], atol=2e-3)
    assert (second >= first).all()


def test_growth_moves_the_border_by_half_the_difference() -> None:
    """4 mm for the left one moves the middle by 2 mm."""
    offsets = np.zeros(6)
    offsets[3] = 4.0

    owner, _, _ = hold(("left", "right"), offsets)
    lateral = LATTICE.planes_mm()[0]
    assert (owner[ROW][lateral < 1.5] == 3).all()
    assert (owner[ROW][lateral > 2.5] == 5).all()


@pytest.mark.parametrize("names", [(), ("left",)])
def test_where_nothing_is_near_nobody_wins(names: tuple[str, ...]) -> None:
    """A thousand millimetres stand for far; a lone shape has no rival."""
    owner, first, second = assign_nearest_label(
        LATTICE, [b for b in BALLS if b[0] in names], LABELS, margin_mm=1.0
    )

    assert owner[-1, 0, 0] == 0
    assert first[-1, 0, 0] == 1e3
    assert (second == 1e3).all()
