"""Capsule chains along paths: distances known by geometry, and their paths."""

import numpy as np
import pytest

from pipeline.phantom.anatomy.capsules import (
    Capsule,
    CapsuleChain,
    chain_along,
    named_capsules,
    path,
    slip,
)
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Cylinder
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.structures import bellies_and_bones

ENDS_MM = np.array(((1.0, 2.0, 3.0), (1.0 + 6.0, 2.0 + 8.0, 3.0)))  # 10 mm apart


def distance_at(capsule: Capsule, point_mm: Array) -> float:
    """Signed distance at one point."""
    c0, c1, c2 = point_mm.reshape(3, 1)
    return float(capsule.distance((c0, c1, c2)).item())


@pytest.mark.parametrize(
    ("offset_mm", "expected_mm"),
    [
        ((3.0, 4.0, 0.0), -2.0),  # half-way along
        ((3.0, 4.0, 5.0), 3.0),
        ((3.0 + 4.0, 4.0 - 3.0, 0.0), 3.0),
        ((-3.0, -4.0, 0.0), 3.0),  # behind the first end
        ((9.0, 12.0, 0.0), 3.0),  # ahead of the last
        ((6.0, 8.0, -2.0), 0.0),
    ],
)
def test_distance_from_a_capsule_is_exact(
    offset_mm: tuple[float, float, float], expected_mm: float
) -> None:
    """Distance to the segment minus the radius of 2 mm."""
    capsule = Capsule(ENDS_MM, (2.0, 2.0))

    at = distance_at(capsule, ENDS_MM[0] + offset_mm)
    assert at == pytest.approx(expected_mm, abs=1e-5)


def test_a_capsule_tapers_from_radius_to_radius() -> None:
    """1 mm at one end, 3 mm at the other, 2 mm half way."""
    capsule = Capsule(ENDS_MM, (1.0, 3.0))

    result = [
        distance_at(capsule, ENDS_MM[0] + np.array((0.6, 0.8, 0)) * a) for a in (0, 5, 10)
    ]
    assert result == pytest.approx([-1, -2, -3], abs=1e-5)


def test_the_bounds_of_a_capsule_contain_its_surface() -> None:
    """No point outside the bounds is inside the capsule."""
    capsule = Capsule(ENDS_MM, (2.0, 1.5))
    lattice = Lattice.over(ENDS_MM.min(axis=0) - 4, ENDS_MM.max(axis=0) + 4, 0.5)

    inside = np.argwhere(capsule.distance(lattice.planes_mm()) < 0) * 0.5 + lattice.origin_mm
    assert (inside.min(axis=0) >= capsule.bounds[0]).all()
    assert (inside.max(axis=0) <= capsule.bounds[1]).all()


def test_a_chain_has_one_capsule_from_point_to_point() -> None:
    """A repeated point adds no capsule; radii belong to points."""
    points = np.array(((0, 0, 0), (0, 5, 0), (0, 5, 0), (3, 9, 0.0)))

    first, second = CapsuleChain(points, np.array((1.0, 2.0, 2.5, 3.0))).capsules()
    assert (first.radii, second.radii) == ((1.0, 2.0), (2.5, 3.0))
    np.testing.assert_array_equal(second.ends, points[2:])


def test_capsules_have_the_name_of_their_chain() -> None:
    """Two of the first chain, one of the second."""
    bent = path((0, 0, 0), (0, 5, 0), (0, 5, 5), radius=1.0)
    straight = path((0, 0, 0), (4, 0, 0), radius=0.5)

    result = list(named_capsules({"bent": bent, "straight": straight}))
    assert [name for name, _ in result] == ["bent", "bent", "straight"]
    assert result[-1][1].radii == (0.5, 0.5)


@pytest.mark.parametrize(("slope", "fraction"), [(0.0, 1.0), (1.0, 0.5**0.5)])
def test_a_chain_along_a_cylinder_has_its_cross_section(slope: float, fraction: float) -> None:
    """The section of an oblique cylinder is larger than its perpendicular cross-section."""
    long = np.array((0.0, 4.0, 8.0, 12.0))
    centres = np.column_stack((slope * long, long, np.zeros(4)))
    cylinder = Cylinder(LONG, centres, np.repeat(np.diag((4.0, 1.0))[None], 4, axis=0))

    chain = chain_along(cylinder, thickest=9.0)
    np.testing.assert_array_equal(chain.points, centres)
    np.testing.assert_allclose(chain.radii**2, 2.0 * fraction)
    np.testing.assert_array_equal(chain_along(cylinder, thickest=0.3).radii, 0.3)


@pytest.mark.parametrize(("is_plantar", "sign"), [(True, -1), (False, 1)])
def test_a_slip_lies_on_its_side_of_the_bones(is_plantar: bool, sign: int) -> None:
    """It starts at the common tendon and runs distally beside the bones."""
    bones = [bellies_and_bones()[f"{n}_3"] for n in ("metatarsal", "proximal_phalanx")]
    start = np.array((0.02, 0.45, 0.05))

    chain = slip(bones, start, is_plantar=is_plantar, radius=0.005)
    np.testing.assert_array_equal(chain.points[0], start)
    assert (np.diff(chain.points[:, LONG]) > 0).all()
    ends = bones[1].centres[[0, -1]]
    assert (sign * (chain.points[-2:] - ends)[:, 2] > 0.005).all()
