"""Generalised cylinders: distances known by geometry, and the packaged table."""

from types import MappingProxyType

import numpy as np
import pytest

from pipeline.phantom.anatomy.generalised_cylinders import (
    DORSAL,
    LATERAL,
    LONG,
    Array,
    Cylinder,
    reference_cylinders,
)

OTHERS = {LATERAL: (LONG, DORSAL), LONG: (LATERAL, DORSAL), DORSAL: (LONG, LATERAL)}
"""The two in-slice coordinates; the table gives angles from the first to the second."""
MIDDLE_MM = (4.0, -3.0)  # centre line of every cylinder, in-slice coordinates
SEMI_AXES_MM = (6.0, 2.5)
TURN = np.radians(35)


def make_cylinder(axis: int = LONG, semi_axes_mm: tuple[float, float] = (5.0, 5.0)) -> Cylinder:
    """Make a straight cylinder with stations at 0, 10, 20, 30 mm and ellipses at 35 degrees."""
    centres = np.empty((4, 3))
    centres[:, axis] = (0, 10, 20, 30)
    centres[:, OTHERS[axis]] = MIDDLE_MM
    turn = np.array(((np.cos(TURN), -np.sin(TURN)), (np.sin(TURN), np.cos(TURN))))
    section = turn @ np.diag(np.square(semi_axes_mm)) @ turn.T
    return Cylinder(axis, centres, np.repeat(section[None], 4, axis=0))


def distance_at(
    cylinder: Cylinder, along_mm: float, origin_mm: float, second_mm: float
) -> float:
    """Signed distance at one point, given relative to the centre line."""
    point = np.empty(3)
    point[cylinder.axis] = along_mm
    point[list(OTHERS[cylinder.axis])] = np.add(MIDDLE_MM, (origin_mm, second_mm))
    c0, c1, c2 = point.reshape(3, 1)
    return float(cylinder.distance((c0, c1, c2)).item())


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize("radius_mm", [3.0, 5.0, 8.5])
def test_distance_from_a_round_cylinder_is_exact(axis: int, radius_mm: float) -> None:
    """Radius minus 5 mm, negative inside, along any axis."""
    cylinder = make_cylinder(axis)

    at = distance_at(cylinder, 13.0, radius_mm * 0.6, -radius_mm * 0.8)
    assert at == pytest.approx(radius_mm - 5, abs=1e-3)


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize("angle", np.linspace(0, 2 * np.pi, 7, endpoint=False))
def test_the_surface_is_the_rotated_ellipse(axis: int, angle: float) -> None:
    """Points of the ellipse have distance 0; 10 % farther out they are outside."""
    cylinder = make_cylinder(axis, SEMI_AXES_MM)
    u, v = SEMI_AXES_MM[0] * np.cos(angle), SEMI_AXES_MM[1] * np.sin(angle)
    first = u * np.cos(TURN) - v * np.sin(TURN)
    second = u * np.sin(TURN) + v * np.cos(TURN)

    assert distance_at(cylinder, 13.0, first, second) == pytest.approx(0, abs=1e-3)
    assert distance_at(cylinder, 13.0, 0.9 * first, 0.9 * second) < -0.2
    assert distance_at(cylinder, 13.0, 1.1 * first, 1.1 * second) > 0.2


@pytest.mark.parametrize("axis", [LATERAL, LONG, DORSAL])
@pytest.mark.parametrize(("end_mm", "outward"), [(0.0, -1), (30.0, 1)])
def test_caps_extend_half_a_step_beyond_the_stations(
    axis: int, end_mm: float, outward: int
) -> None:
    """Stations are the centres of bins 10 mm deep."""
    cylinder = make_cylinder(axis)

    assert cylinder.cap == 5
    assert distance_at(cylinder, end_mm + outward * 4.9, 0, 0) < 0
    assert distance_at(cylinder, end_mm + outward * 5.0, 0, 0) == pytest.approx(0, abs=1e-3)
    assert distance_at(cylinder, end_mm + outward * 5.1, 0, 0) > 0


def test_the_centre_line_lies_inside() -> None:
    """The distance is finite where the radius has no gradient."""
    along = np.linspace(0, 30, 13)
    cylinder = make_cylinder(LONG, SEMI_AXES_MM)

    distance = cylinder.distance((np.array([4.0]), along, np.array([-3.0])))
    assert np.isfinite(distance).all()
    assert distance.max() < 0


def test_bounds_are_those_of_the_surface() -> None:
    """Caps along the axis, and the box of the rotated ellipse across it."""
    cylinder = make_cylinder(LATERAL, SEMI_AXES_MM)

    u, v = SEMI_AXES_MM
    first = np.hypot(u * np.cos(TURN), v * np.sin(TURN))
    second = np.hypot(u * np.sin(TURN), v * np.cos(TURN))
    np.testing.assert_allclose(cylinder.bounds[0], (-5, 4 - first, -3 - second))
    np.testing.assert_allclose(cylinder.bounds[1], (35, 4 + first, -3 + second))


def test_the_table_is_read_once_and_locked() -> None:
    """All feet share one reference table."""
    assert reference_cylinders() is reference_cylinders()
    assert isinstance(reference_cylinders(), MappingProxyType)


@pytest.mark.parametrize("name", sorted(reference_cylinders()))
def test_every_structure_is_a_valid_cylinder(name: str) -> None:
    """Stations ascend, and every section is an ellipse of plausible size."""
    cylinder = reference_cylinders()[name]

    assert (np.diff(cylinder.centres[:, cylinder.axis]) > 0).all()
    semi_axes: Array = np.sqrt(np.linalg.eigvalsh(cylinder.sections))
    assert 0.001 < semi_axes.min() <= semi_axes.max() < 0.25
