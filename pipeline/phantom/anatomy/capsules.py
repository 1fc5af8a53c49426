"""Tendons, vessels and nerves: round cords along a path in space."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Field, Tube


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """One straight piece of a cord, round at both ends.

    Parameters
    ----------
    ends
        Shape (2, 3): lateral, long, dorsal.
    radii
        At either end, in the unit of `ends`.
    """

    ends: Array
    radii: tuple[float, float]

    @property
    def reach(self) -> Array:
        """Lowest and highest coordinates that the capsule touches, shape (2, 3)."""
        radius = max(self.radii)
        return np.array((self.ends.min(axis=0) - radius, self.ends.max(axis=0) + radius))

    def distance(self, coordinates: tuple[Array, Array, Array]) -> Field:
        """Signed distance to the surface, negative inside; exact if the radii are equal."""
        axis = self.ends[1] - self.ends[0]
        length = float(np.linalg.norm(axis))
        offsets = np.ix_(
            *(
                (c - e).astype(np.float32)
                for c, e in zip(coordinates, self.ends[0], strict=True)
            )
        )
        along = sum(np.float32(a / length) * o for a, o in zip(axis, offsets, strict=True))
        nearest = np.clip(along, 0, np.float32(length))
        squared = sum(o**2 for o in offsets) + nearest * (nearest - 2 * along)
        first, last = self.radii
        radius = np.float32(first) + np.float32((last - first) / length) * nearest
        distance: Field = np.sqrt(np.maximum(squared, 0)) - radius
        return distance


@dataclass(frozen=True, slots=True, eq=False)
class Cord:
    """A path with a radius at each of its points.

    Parameters
    ----------
    points
        Shape (n, 3): lateral, long, dorsal.
    radii
        Shape (n,).
    """

    points: Array
    radii: Array

    def capsules(self) -> Iterator[Capsule]:
        """Give the straight pieces from point to point."""
        steps = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        for i in np.flatnonzero(steps > 0):
            yield Capsule(
                self.points[i : i + 2], (float(self.radii[i]), float(self.radii[i + 1]))
            )


def pieces(cords: Mapping[str, Cord]) -> Iterator[tuple[str, Capsule]]:
    """Give all capsules of all cords, each under its cord's name."""
    for name, cord in cords.items():
        for capsule in cord.capsules():
            yield name, capsule


def cord_through(tube: Tube, *, thickest: float) -> Cord:
    """Follow a tube's middle with a round cord of the same cross-section.

    The tube's ellipses are cut square to its axis, wherever it heads; the cord's circles
    are square to its path.

    Parameters
    ----------
    thickest
        Largest radius.
    """
    headings = np.gradient(tube.centres, axis=0)
    slant = np.abs(headings[:, tube.axis]) / np.linalg.norm(headings, axis=1)
    areas = np.sqrt(np.linalg.det(tube.sections))
    return Cord(tube.centres, np.minimum(np.sqrt(areas * slant), thickest))


def slip(bones: list[Tube], start: Array, *, is_plantar: bool, radius: float) -> Cord:
    """Lay a toe's tendon from where it leaves the others along the bones of its ray.

    Parameters
    ----------
    bones
        Metatarsal and phalanges of one ray, in order.
    start
        Where the tendon leaves, lateral, long, dorsal.
    """
    sign = -1.0 if is_plantar else 1.0
    points = [start]
    for position, bone in enumerate(bones):
        stations = bone.centres[-2:] if position == 0 else bone.centres[[0, -1]]
        sections = bone.sections[-2:] if position == 0 else bone.sections[[0, -1]]
        for centre, section in zip(stations, sections, strict=True):
            height = np.sqrt(section[1, 1]) + radius
            points.append(centre + sign * height * np.array((0.0, 0.0, 1.0)))
    path = np.array(points)
    path = path[np.argsort(path[:, LONG], kind="stable")]
    return Cord(path, np.full(len(path), radius))


def path(*points: tuple[float, float, float], radius: float) -> Cord:
    """Make a cord of one radius through points (lateral, long, dorsal)."""
    return Cord(np.array(points), np.full(len(points), radius))
