"""The foot's frame of reference: coordinates by arithmetic."""

import dataclasses

import numpy as np
import pytest
from makers import make_frame, make_landmarks

from pipeline.domain.landmarks import FootFrame, to_point

LEFT = FootFrame(origin=(4, -9, 2), long=(0, 1, 0), lateral=(-1, 0, 0), dorsal=(0, 0, 1))


def test_a_point_is_three_plain_floats() -> None:
    """JSON cannot hold NumPy numbers."""
    point = to_point(np.array((1, 2, 3), dtype=np.float32))

    assert point == (1.0, 2.0, 3.0)
    assert {type(p) for p in point} == {float}


@pytest.mark.parametrize("values", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
def test_a_point_has_three_coordinates(values: tuple[float, ...]) -> None:
    """Fewer or more are refused."""
    with pytest.raises(ValueError, match="unpack"):
        to_point(values)


def test_coordinates_are_long_lateral_dorsal_from_the_origin() -> None:
    """Lateral of a left foot is the left of the body."""
    along, lateral, dorsal = LEFT.coordinates((-1, 21, 7)).tolist()

    assert (along, lateral, dorsal) == (30, 5, 5)


def test_coordinates_keep_distances(rng: np.random.Generator) -> None:
    """A frame rotates and translates; leading axes are kept."""
    frame = make_frame()
    points = rng.uniform(-50, 50, (4, 5, 3))

    coordinates = frame.coordinates(points)
    assert coordinates.shape == (4, 5, 3)
    np.testing.assert_allclose(
        np.linalg.norm(coordinates, axis=-1), np.linalg.norm(points - frame.origin, axis=-1)
    )


@pytest.mark.parametrize(("axis", "name"), [(0, "long"), (1, "lateral"), (2, "dorsal")])
def test_each_axis_changes_only_its_own_coordinate(axis: int, name: str) -> None:
    """A step of 3 mm along an axis is 3 mm in its coordinate and 0 in the others."""
    frame = make_frame()
    step_mm = 3 * np.array(getattr(frame, name))

    expected = np.where(np.arange(3) == axis, 3, 0)
    np.testing.assert_allclose(
        frame.coordinates(np.array(frame.origin) + step_mm), expected, atol=1e-12
    )


def test_landmarks_cannot_be_changed() -> None:
    """They are frozen."""
    landmarks = make_landmarks(make_frame(), 118.5)

    with pytest.raises(dataclasses.FrozenInstanceError, match="foot_length_mm"):
        landmarks.foot_length_mm = 250  # type: ignore[misc]
