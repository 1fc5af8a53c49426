"""The foot's frame of reference, its landmarks, and the border between its regions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Point = tuple[float, float, float]


def to_point(values: ArrayLike) -> Point:
    """Convert three numbers to plain floats.

    Raises
    ------
    ValueError
        If there are not three.
    """
    p0, p1, p2 = np.asarray(values, dtype=float).tolist()
    return (p0, p1, p2)


@dataclass(frozen=True, slots=True)
class FootFrame:
    """Frame of reference of one foot, in world space (RAS+, mm).

    Parameters
    ----------
    origin
        Point on the plantar plane, below the posterior end of the long axis.
    long
        Unit vector from the heel to the second metatarsal head, in the plantar plane.
    lateral
        Unit vector toward the little toe, for either side of the body.
    dorsal
        Unit normal of the plantar plane, away from the sole.
    """

    origin: Point
    long: Point
    lateral: Point
    dorsal: Point

    def coordinates(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Convert world points, shape (..., 3), to (long, lateral, dorsal) in mm."""
        axes = np.array((self.long, self.lateral, self.dorsal))
        offsets = np.asarray(points_mm, dtype=float) - np.array(self.origin)
        coordinates: NDArray[np.float64] = offsets @ axes.T
        return coordinates


@dataclass(frozen=True, slots=True)
class Border:
    """The plane between rearfoot and forefoot, perpendicular to the long axis.

    Parameters
    ----------
    definition
        Name of the anatomical definition, such as ``tmt1``.
    position_mm
        Distance along the long axis from the frame's origin.
    """

    definition: str
    position_mm: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Landmarks of one foot (world, RAS+, mm), the frame that they define, and the border.

    Parameters
    ----------
    heel
        Centroid of the most posterior 10 mm of the calcaneus.
    calcaneal_tuberosity, metatarsal_1_head, metatarsal_5_head
        The most plantar points of these structures; they define the plantar plane.
    metatarsal_2_head
        Centroid of the distal 10 mm of the second metatarsal.
    metatarsal_1_base
        Centre of the proximal face of the first metatarsal.
    foot_length_mm
        From the calcaneus to the most distal phalanx along the long axis; None if the image
        does not show both.
    """

    heel: Point
    calcaneal_tuberosity: Point
    metatarsal_1_head: Point
    metatarsal_5_head: Point
    metatarsal_2_head: Point
    metatarsal_1_base: Point
    frame: FootFrame
    border: Border
    foot_length_mm: float | None
