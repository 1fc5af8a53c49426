"""Tendons, vessels and nerves: chains of capsules along a path in space."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Cylinder, Field


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A straight segment with a radius at either end, closed by half spheres.

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
    def bounds(self) -> Array:
        """Lowest and highest coordinates of the surface, shape (2, 3)."""
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
class CapsuleChain:
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
        """Yield the segments from point to point."""
        steps = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        for i in np.flatnonzero(steps > 0):
            yield Capsule(
                self.points[i : i + 2], (float(self.radii[i]), float(self.radii[i + 1]))
            )


def named_capsules(chains: Mapping[str, CapsuleChain]) -> Iterator[tuple[str, Capsule]]:
    """Yield all capsules of all chains, each with the name of its chain."""
    for name, chain in chains.items():
        for capsule in chain.capsules():
            yield name, capsule


def chain_along(cylinder: Cylinder, *, thickest: float) -> CapsuleChain:
    """Make a chain along a cylinder's centre line, with the same cross-sectional area.

    The cylinder's ellipses are perpendicular to its axis, whatever its direction; the
    chain's circles are perpendicular to its path.

    Parameters
    ----------
    thickest
        Largest radius.
    """
    headings = np.gradient(cylinder.centres, axis=0)
    slant = np.abs(headings[:, cylinder.axis]) / np.linalg.norm(headings, axis=1)
    areas = np.sqrt(np.linalg.det(cylinder.sections))
    return CapsuleChain(cylinder.centres, np.minimum(np.sqrt(areas * slant), thickest))


def slip(
    bones: list[Cylinder], start: Array, *, is_plantar: bool, radius: float
) -> CapsuleChain:
    """Make a toe's tendon slip, from the common tendon along the bones of its ray.

    Parameters
    ----------
    bones
        Metatarsal and phalanges of one ray, in order.
    start
        Where the slip leaves the common tendon: lateral, long, dorsal.
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
    return CapsuleChain(path, np.full(len(path), radius))


def path(*points: tuple[float, float, float], radius: float) -> CapsuleChain:
    """Make a chain of one radius through points (lateral, long, dorsal)."""
    return CapsuleChain(np.array(points), np.full(len(points), radius))
