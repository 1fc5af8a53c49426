"""Assignment of voxels to the nearest of several shapes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.phantom.anatomy.capsules import Capsule
from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label

LABELS = {"left": 3, "right": 5, "third": 5}
ROW = (slice(None), 8, 4)  # through the centres of all balls
LATTICE = Lattice.over(np.array((-20.0, -8, -4)), np.array((20.0, 9, 5)), 1.0)


def ball(lateral_mm: float) -> Capsule:
    """Make a capsule that is nearly a ball of 4 mm radius."""
    return Capsule(np.array(((lateral_mm, 0, 0), (lateral_mm + 1e-3, 0, 0))), (4.0, 4.0))


BALLS = [("left", ball(-6.0)), ("right", ball(6.0)), ("third", ball(10.0))]


def assign(
    names: tuple[str, ...], offsets: Array | None = None
) -> tuple[NDArray[np.uint8], Field, Field]:
    """Assign labels with some of the balls."""
    shapes = [(name, shape) for name, shape in BALLS if name in names]
    return assign_nearest_label(LATTICE, shapes, LABELS, margin_mm=30.0, offsets=offsets)


def test_each_voxel_gets_the_nearest_label() -> None:
    """The boundary is half-way, and the distances are those of geometry."""
    nearest, first, second = assign(("left", "right"))

    lateral = LATTICE.planes_mm()[0]
    assert (nearest[ROW][lateral < 0] == 3).all()
    assert (nearest[ROW][lateral > 0] == 5).all()
    near, far = np.abs(lateral[:, None] - (-6, 6)).T - 4
    np.testing.assert_allclose(first[ROW], np.minimum(near, far), atol=2e-3)
    np.testing.assert_allclose(second[ROW], np.maximum(near, far), atol=2e-3)


def test_shapes_of_one_label_are_no_neighbours() -> None:
    """A second ball of a label does not change the distance to the nearest other label."""
    _, _, alone = assign(("left", "right"))
    nearest, first, second = assign(("left", "right", "third"))

    is_right = nearest == 5
    np.testing.assert_allclose(second[is_right], alone[is_right], atol=2e-3)
    assert (second >= first).all()


def test_an_offset_moves_the_boundary_by_half_of_it() -> None:
    """4 mm for the left ball move the boundary by 2 mm."""
    offsets = np.zeros(6)
    offsets[3] = 4.0

    nearest, _, _ = assign(("left", "right"), offsets)
    lateral = LATTICE.planes_mm()[0]
    assert (nearest[ROW][lateral < 1.5] == 3).all()
    assert (nearest[ROW][lateral > 2.5] == 5).all()


@pytest.mark.parametrize("names", [(), ("left",)])
def test_voxels_beyond_the_margin_get_no_label(names: tuple[str, ...]) -> None:
    """Distances beyond the margin, or to a label that is absent, are 1000 mm."""
    nearest, first, second = assign_nearest_label(
        LATTICE, [b for b in BALLS if b[0] in names], LABELS, margin_mm=1.0
    )

    assert nearest[-1, 0, 0] == 0
    assert first[-1, 0, 0] == 1e3
    assert (second == 1e3).all()
