"""Generalised cylinders: distances known by geometry, and the packaged table."""

from types import MappingProxyType

import numpy as np
import pytest

from pipeline.phantom.anatomy import BELLIES, BONES, TENDONS
from pipeline.phantom.tubes import DORSAL, LATERAL, LONG, Array, Lattice, Tube, reference_tubes

OTHERS = {LATERAL: (LONG, DORSAL), LONG: (LATERAL, DORSAL), DORSAL: (LONG, LATERAL)}
"""In which the table gives the angle of an ellipse, from the first to the second."""
MIDDLE_MM = (4.0, -3.0)  # of every straight tube, in its two other coordinates
SEMI_AXES_MM = (6.0, 2.5)
TURN = np.radians(35)


def make_tube(axis: int = LONG, semi_axes_mm: tuple[float, float] = (5.0, 5.0)) -> Tube:
    """Make a straight tube with stations at 0, 10, 20, 30 mm, its ellipse turned by 35 deg."""
    centres = np.empty((4, 3))
    centres[:, axis] = (0, 10, 20, 30)
    centres[:, OTHERS[axis]] = MIDDLE_MM
    turn = np.array(((np.cos(TURN), -np.sin(TURN)), (np.sin(TURN), np.cos(TURN))))
    section = turn @ np.diag(np.square(semi_axes_mm)) @ turn.T
    return Tube(axis, centres, np.repeat(section[None], 4, axis=0))


def distance_at(tube: Tube, along_mm: float, first_mm: float, second_mm: float) -> float:
    """Signed distance at one point, given relative to the tube's middle line."""
    point = np.empty(3)
    point[tube.axis] = along_mm
    point[list(OTHERS[tube.axis])] = np.add(MIDDLE_MM, (first_mm, second_mm))
    c0, c1, c2 = point.reshape(3, 1)
    return float(tube.distance((c0, c1, c2)).item())


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize("radius_mm", [3.0, 5.0, 8.5])
def test_distance_from_a_round_tube_is_exact(axis: int, radius_mm: float) -> None:
    """Radius less 5 mm, negative inside, whichever way the tube runs."""
    tube = make_tube(axis)

    at = distance_at(tube, 13.0, radius_mm * 0.6, -radius_mm * 0.8)
    assert at == pytest.approx(radius_mm - 5, abs=1e-3)


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize("angle", np.linspace(0, 2 * np.pi, 7, endpoint=False))
def test_the_surface_runs_through_the_turned_ellipse(axis: int, angle: float) -> None:
    """Points of the ellipse have no distance, 10 % farther out all are outside."""
    tube = make_tube(axis, SEMI_AXES_MM)
    u, v = SEMI_AXES_MM[0] * np.cos(angle), SEMI_AXES_MM[1] * np.sin(angle)
    first = u * np.cos(TURN) - v * np.sin(TURN)
    second = u * np.sin(TURN) + v * np.cos(TURN)

    assert distance_at(tube, 13.0, first, second) == pytest.approx(0, abs=1e-3)
    assert distance_at(tube, 13.0, 0.9 * first, 0.9 * second) < -0.2
    assert distance_at(tube, 13.0, 1.1 * first, 1.1 * second) > 0.2


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize(("end_mm", "outward"), [(0.0, -1), (30.0, 1)])
def test_caps_reach_half_a_step_beyond_the_stations(
    axis: int, end_mm: float, outward: int
) -> None:
    """Stations are the centres of bins 10 mm deep."""
    tube = make_tube(axis)

    assert tube.cap == 5
    assert distance_at(tube, end_mm + outward * 4.9, 0, 0) < 0
    assert distance_at(tube, end_mm + outward * 5.0, 0, 0) == pytest.approx(0, abs=1e-3)
    assert distance_at(tube, end_mm + outward * 5.1, 0, 0) > 0


def test_the_middle_line_lies_inside() -> None:
    """Where the radius has no gradient the distance is still a number."""
    along = np.linspace(0, 30, 13)
    tube = make_tube(LONG, SEMI_AXES_MM)

    distance = tube.distance((np.array([4.0]), along, np.array([-3.0])))
    assert np.isfinite(distance).all()
    assert distance.max() < 0


def test_reach_is_that_of_the_surface() -> None:
    """Caps along the axis, the turned ellipse's box across it."""
    tube = make_tube(LATERAL, SEMI_AXES_MM)

    u, v = SEMI_AXES_MM
    first = np.hypot(u * np.cos(TURN), v * np.sin(TURN))
    second = np.hypot(u * np.sin(TURN), v * np.cos(TURN))
    np.testing.assert_allclose(tube.reach[0], (-5, 4 - first, -3 - second))
    np.testing.assert_allclose(tube.reach[1], (35, 4 + first, -3 + second))


@pytest.mark.parametrize("spacing_mm", [0.7, 2.0])
def test_planes_lie_at_whole_multiples_of_the_spacing(spacing_mm: float) -> None:
    """Whatever the box, so that two lattices of one spacing coincide; the box is covered."""
    low, high = np.array((-7.3, 1.1, 0.0)), np.array((9.1, 20.3, 4.9))

    lattice = Lattice.over(low, high, spacing_mm)
    for planes, n, start, stop in zip(
        lattice.planes_mm(), lattice.shape, low, high, strict=True
    ):
        np.testing.assert_allclose(planes / spacing_mm, np.rint(planes / spacing_mm), atol=1e-9)
        assert len(planes) == n
        assert planes[0] <= start < planes[1]
        assert planes[-2] < stop <= planes[-1] + 1e-9


@pytest.fixture
def lattice() -> Lattice:
    """Make 26 x 41 x 21 planes, 1 mm apart, that hold all of a tube but its far end."""
    return Lattice.over(np.array((-10, -12, -10.0)), np.array((15, 28, 10.0)), 1.0)


@pytest.mark.parametrize("margin_mm", [0.0, 2.2])
def test_a_box_holds_all_that_is_near_a_tube(lattice: Lattice, margin_mm: float) -> None:
    """Nothing outside the box is within the margin; the box ends at the lattice's edge."""
    tube = make_tube()
    near = tube.distance(lattice.planes_mm()) < margin_mm

    box = lattice.box(tube, margin_mm)
    assert near[box].sum() == near.sum() > 0
    assert box[1].stop == lattice.shape[1]
    assert [len(p) for p in lattice.planes_mm(box)] == list(near[box].shape)


def test_distances_skip_what_is_out_of_sight(lattice: Lattice) -> None:
    """A tube beyond the lattice is not yielded, others come in the order asked for."""
    near = make_tube()
    far = Tube(LONG, near.centres + 200, near.sections)
    tubes = {"far": far, "near": near, "again": near}

    found = list(lattice.distances(tubes, ("again", "far", "near"), 1.0))
    assert [name for name, _, _ in found] == ["again", "near"]
    for _, box, distance in found:
        np.testing.assert_array_equal(distance, near.distance(lattice.planes_mm(box)))


def test_every_structure_of_the_foot_is_in_the_table() -> None:
    """Bellies, bones, tendons and the calf muscle that fills the leg."""
    assert {*BELLIES, *BONES, *TENDONS, "soleus"} <= set(reference_tubes())


def test_the_table_is_read_once_and_locked() -> None:
    """All feet share one reference."""
    assert reference_tubes() is reference_tubes()
    assert isinstance(reference_tubes(), MappingProxyType)


@pytest.mark.parametrize("name", sorted(reference_tubes()))
def test_every_structure_is_a_proper_tube(name: str) -> None:
    """Stations rise, and every section is an ellipse of some area."""
    tube = reference_tubes()[name]

    assert (np.diff(tube.centres[:, tube.axis]) > 0).all()
    semi_axes: Array = np.sqrt(np.linalg.eigvalsh(tube.sections))
    assert 0.001 < semi_axes.min() <= semi_axes.max() < 0.25
