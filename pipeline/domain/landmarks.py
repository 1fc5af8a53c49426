"""The foot's own frame and the border between rearfoot and forefoot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Point = tuple[float, float, float]


def to_point(values: ArrayLike) -> Point:
    """Give three plain floats."""
    p0, p1, p2 = np.asarray(values, dtype=float).tolist()
    return (p0, p1, p2)


@dataclass(frozen=True, slots=True)
class FootFrame:
    """Axes of one foot in world space (RAS+, mm).

    Parameters
    ----------
    origin
        Point on the plantar plane below the heel end of the long axis.
    long
        Unit vector from heel to second metatarsal head, in the plantar plane.
    lateral
        Unit vector toward the little toe, whichever side the foot is.
    dorsal
        Unit normal of the plantar plane, away from the sole.
    """

    origin: Point
    long: Point
    lateral: Point
    dorsal: Point

    def coordinates(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Give (long, lateral, dorsal) in mm of world points, shape (..., 3)."""
        axes = np.array((self.long, self.lateral, self.dorsal))
        offsets = np.asarray(points_mm, dtype=float) - np.array(self.origin)
        coordinates: NDArray[np.float64] = offsets @ axes.T
        return coordinates


@dataclass(frozen=True, slots=True)
class Border:
    """The plane that parts rearfoot from forefoot.

    Parameters
    ----------
    definition
        Name of the landmark rule, such as ``tmt1``.
    position_mm
        Where it cuts the long axis, from the frame's origin.
    """

    definition: str
    position_mm: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Points of one foot (world, RAS+, mm), the frame they span and the border.

    Parameters
    ----------
    heel
        Centroid of the most posterior 10 mm of the calcaneus.
    calcaneal_tuberosity, metatarsal_1_head, metatarsal_5_head
        The most plantar points of these parts; they span the plantar plane.
    metatarsal_2_head
        Centroid of the distal 10 mm of the second metatarsal.
    metatarsal_1_base
        Centre of the proximal face of the first metatarsal.
    foot_length_mm
        Calcaneus to the farthest phalanx along the long axis; None where the
        image does not show both ends.
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
