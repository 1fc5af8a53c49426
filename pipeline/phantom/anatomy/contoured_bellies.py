"""Contoured muscles: free outlines, wrapped around one another, bone and tendon."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from pipeline.phantom.anatomy.bellies import (
    LABEL_COUNT,
    LOOSE_MM,
    bellies_of,
    distance_to_obstacles,
    distances_by_label,
    envelope_around,
    volumes_mm3,
)
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope, smooth
from pipeline.phantom.anatomy.generalised_cylinders import Array, Cylinder, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES

_ORDERS = (2, 3, 4, 5)
_AMPLITUDE = 0.45  # SD relative to a section's mean radius, divided by the order
_TWIST = 1.5  # SD of the phase change of an order along the belly, radians
_GROWTH_MM = (-8.0, 8.0)
# Mean rank by label: deep and small muscles are placed first.
_RANKS = np.array((2.0, 2.0, 2.0, 0.0, 0.0, 1.0, 1.5, 0.0, 1.0, 2.0, 2.0, 2.0))
_RANK_SD = 0.7
_SOLE_MM = 2.5
_HALVINGS = 12


@dataclass(frozen=True, slots=True, eq=False)
class ContouredBelly:
    """A generalised cylinder whose outline is modulated by a Fourier series.

    Parameters
    ----------
    cylinder
        The unmodulated belly.
    orders, amplitudes, phases, twists
        Of the Fourier series in the angle about the centre line: order, amplitude relative
        to the section's mean radius, phase at the first station, and change of the phase
        up to the last station.
    """

    cylinder: Cylinder
    orders: Array
    amplitudes: Array
    phases: Array
    twists: Array

    @property
    def bounds(self) -> Array:
        """Lowest and highest coordinates of the surface, shape (2, 3)."""
        largest = np.abs(self.amplitudes).sum() * self._radii().max()
        bounds: Array = self.cylinder.bounds + np.array([[-largest], [largest]])
        return bounds

    def distance(self, coordinates: tuple[Array, Array, Array]) -> Field:
        """Approximate signed distance, negative inside; accurate near the surface only."""
        cylinder, axis = self.cylinder, self.cylinder.axis
        first, second = (a for a in range(3) if a != axis)
        knots = cylinder.centres[:, axis]
        along = np.clip(coordinates[axis], knots[0], knots[-1])
        centre_line = PchipInterpolator(knots, cylinder.centres[:, (first, second)])(along)
        at = (along - knots[0]) / (knots[-1] - knots[0])
        radius = np.interp(along, knots, self._radii()) * np.sin(np.pi * (0.1 + 0.8 * at))

        def spread(values: Array, where: int) -> Field:
            shape = [1, 1, 1]
            shape[where] = -1
            return values.astype(np.float32).reshape(shape)

        u = spread(coordinates[first], first) - spread(centre_line[:, 0], axis)
        v = spread(coordinates[second], second) - spread(centre_line[:, 1], axis)
        angle = np.arctan2(v, u)
        modulation = sum(
            np.float32(size)
            * np.cos(np.float32(order) * angle + spread(phase + twist * at, axis))
            for order, size, phase, twist in zip(
                self.orders, self.amplitudes, self.phases, self.twists, strict=True
            )
        )
        distance: Field = cylinder.distance(coordinates) - modulation * spread(radius, axis)
        return distance

    def _radii(self) -> Array:
        radii: Array = np.linalg.det(self.cylinder.sections) ** 0.25
        return radii


@dataclass(frozen=True, slots=True, eq=False)
class ContouredBellies:
    """Contoured bellies placed in sequence, each around those before it.

    Parameters
    ----------
    bellies
        By name.
    order
        Labels in the order in which muscles are placed.
    offsets
        Growth in mm, by label.
    septum_mm
        Gap between neighbouring muscles.
    """

    bellies: Mapping[str, ContouredBelly]
    order: tuple[int, ...]
    offsets: Array
    envelope: Envelope
    septum_mm: float

    def rasterise(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        muscles = np.zeros(lattice.shape, dtype=np.uint8)
        to_others = np.full(lattice.shape, np.float32(1e3))  # distance to muscles placed before
        for label in self.order:
            shapes = [(n, b) for n, b in self.bellies.items() if BELLIES[n] == label]
            offset = np.float32(self.offsets[label])
            distances = list(
                lattice.distances(shapes, max(float(offset), 0.0) + self.septum_mm + 1)
            )
            for _, box, distance in distances:
                inside = (
                    (distance < offset) & (to_others[box] > self.septum_mm) & (fascia[box] < 0)
                )
                muscles[box][inside] = label
            for _, box, distance in distances:
                np.minimum(to_others[box], distance - offset, out=to_others[box])
        return muscles


def make_contoured(
    structures: PosedStructures, lattice: Lattice, shape: FootShape
) -> ContouredBellies:
    """Grow contoured bellies in sequence until each has its volume.

    Notes
    -----
    The order is drawn at random for each foot; later muscles wrap around earlier ones.
    """
    rng = np.random.default_rng((shape.texture_seed, 3))
    belly_shapes = {n: _draw_belly(t, rng) for n, t in bellies_of(structures).items()}
    rank = _RANKS + rng.normal(0, _RANK_SD, len(_RANKS))
    order = tuple((np.argsort(rank) + 1).tolist())
    bellies = distances_by_label(belly_shapes.items(), lattice)
    obstacles = distance_to_obstacles(structures, lattice)
    healthy, remaining = (
        volumes_mm3(v) for v in (shape.muscle_volumes_cm3, shape.remaining_volumes_cm3)
    )
    offsets = _solve(bellies, obstacles, order, healthy, shape.septum_mm)
    grown = (offsets + LOOSE_MM).astype(np.float32)[1:, None, None, None]
    contoured = smooth((bellies[1:] - grown).min(axis=0), _SOLE_MM)  # the sole is smooth
    envelope = envelope_around(
        np.minimum(contoured, obstacles).astype(np.float32), lattice, shape
    )
    inside = np.minimum(obstacles, -envelope.fascia)
    offsets = _solve(bellies, inside, order, remaining, shape.septum_mm)
    return ContouredBellies(belly_shapes, order, offsets, envelope, shape.septum_mm)


def _draw_belly(cylinder: Cylinder, rng: np.random.Generator) -> ContouredBelly:
    orders = np.array(_ORDERS, dtype=float)
    amplitudes = rng.normal(0, _AMPLITUDE / orders)
    amplitudes *= min(1.0, 0.6 / np.abs(amplitudes).sum())  # sections stay connected
    phases = rng.uniform(0, 2 * np.pi, len(orders))
    twists = rng.normal(0, _TWIST, len(orders))
    return ContouredBelly(cylinder, orders, amplitudes, phases, twists)


def _solve(
    bellies: Field,
    obstacles: Field,
    order: tuple[int, ...],
    wanted_mm3: Array,
    septum_mm: float,
) -> Array:
    """Solve for the offset at which each label has its volume, in sequence (bisection).

    Parameters
    ----------
    obstacles
        Distance to obstacles, negative inside them.
    """
    near = (obstacles > -SPACING_MM) & (bellies.min(axis=0) < _GROWTH_MM[1])
    distances, free = bellies[:, near], obstacles[near].copy()
    offsets = np.zeros(LABEL_COUNT)
    for label in order:
        low, high = _GROWTH_MM
        for _ in range(_HALVINGS):
            midpoint = (low + high) / 2
            edge = np.minimum(np.float32(midpoint) - distances[label], free)
            fill = np.clip(edge / SPACING_MM + 0.5, 0, 1)
            too_small = fill.sum() * SPACING_MM**3 < wanted_mm3[label]
            low, high = (midpoint, high) if too_small else (low, midpoint)
        offsets[label] = high
        free = np.minimum(free, distances[label] - np.float32(high + septum_mm))
    return offsets
