"""The lattice on which shapes are rasterised."""

import numpy as np
import pytest

from pipeline.phantom.anatomy.generalised_cylinders import LONG, Cylinder
from pipeline.phantom.anatomy.lattice import Lattice


def make_cylinder() -> Cylinder:
    """Make a round cylinder of 5 mm radius with stations at 0, 10, 20, 30 mm."""
    centres = np.column_stack((np.full(4, 4.0), (0.0, 10.0, 20.0, 30.0), np.full(4, -3.0)))
    return Cylinder(LONG, centres, np.repeat(25.0 * np.eye(2)[None], 4, axis=0))


@pytest.fixture
def lattice() -> Lattice:
    """Make 26 x 41 x 21 planes, 1 mm apart, over all of a cylinder except its far end."""
    return Lattice.over(np.array((-10, -12, -10.0)), np.array((15, 28, 10.0)), 1.0)


@pytest.mark.parametrize("spacing_mm", [0.7, 2.0])
def test_planes_lie_at_multiples_of_the_spacing(spacing_mm: float) -> None:
    """Two lattices of one spacing coincide, and the box is covered."""
    low, high = np.array((-7.3, 1.1, 0.0)), np.array((9.1, 20.3, 4.9))

    lattice = Lattice.over(low, high, spacing_mm)
    for planes, n, start, stop in zip(
        lattice.planes_mm(), lattice.shape, low, high, strict=True
    ):
        np.testing.assert_allclose(planes / spacing_mm, np.rint(planes / spacing_mm), atol=1e-9)
        assert len(planes) == n
        assert planes[0] <= start < planes[1]
        assert planes[-2] < stop <= planes[-1] + 1e-9


@pytest.mark.parametrize("margin_mm", [0.0, 2.2])
def test_a_box_contains_all_points_near_a_cylinder(lattice: Lattice, margin_mm: float) -> None:
    """No point outside the box is within the margin; the box ends at the lattice's edge."""
    cylinder = make_cylinder()
    near = cylinder.distance(lattice.planes_mm()) < margin_mm

    box = lattice.box(cylinder, margin_mm)
    assert near[box].sum() == near.sum() > 0
    assert box[1].stop == lattice.shape[1]
    assert [len(p) for p in lattice.planes_mm(box)] == list(near[box].shape)


def test_shapes_outside_the_lattice_are_skipped(lattice: Lattice) -> None:
    """The others are yielded in the given order."""
    near = make_cylinder()
    far = Cylinder(LONG, near.centres + 200, near.sections)
    shapes = [("again", near), ("far", far), ("near", near)]

    result = list(lattice.distances(shapes, 1.0))
    assert [name for name, _, _ in result] == ["again", "near"]
    for _, box, distance in result:
        np.testing.assert_array_equal(distance, near.distance(lattice.planes_mm(box)))


def test_refining_keeps_the_position_of_values(lattice: Lattice) -> None:
    """A linear field is the same on a finer lattice with another origin."""
    fine = Lattice.over(np.array((-8.0, -5, -7)), np.array((9, 20, 6.0)), 0.7)
    coarse_mm, fine_mm = (np.ix_(*each.planes_mm()) for each in (lattice, fine))

    field = (2 * coarse_mm[0] - 3 * coarse_mm[1] + 5 * coarse_mm[2]).astype(np.float32)
    refined = lattice.refine(field, fine)
    np.testing.assert_allclose(
        refined, 2 * fine_mm[0] - 3 * fine_mm[1] + 5 * fine_mm[2], atol=1e-3
    )


def test_refining_repeats_edge_values_outside(lattice: Lattice) -> None:
    """Outside the coarse lattice its outermost value is used."""
    wide = Lattice.over(np.array((-14.0, 0, 0)), np.array((-12.0, 2, 2)), 0.5)
    field = np.zeros(lattice.shape, dtype=np.float32)
    field[0] = 7

    np.testing.assert_array_equal(lattice.refine(field, wide), 7)
