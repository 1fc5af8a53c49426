"""Contoured muscles: free outlines, wrapped about one another, bone and tendon."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from pipeline.phantom.anatomy.bellies import (
    LABELS,
    LOOSE_MM,
    bellies_of,
    nearest_bellies,
    nearest_hard,
    volumes_mm3,
    wrap_core,
)
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope, smooth
from pipeline.phantom.anatomy.generalised_cylinders import Array, Field, Tube
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES

_ORDERS = (2, 3, 4, 5)
_SWING = 0.45  # SD of all orders together, of a section's mean radius; falls as 1 / order
_TWIST = 1.5  # SD of the turn of an order along the belly, radians
_GROWTH_MM = (-8.0, 8.0)
# Who is drawn early, by label: what lies deep, or is small, must find its place first.
_RANKS = np.array((2.0, 2.0, 2.0, 0.0, 0.0, 1.0, 1.5, 0.0, 1.0, 2.0, 2.0, 2.0))
_RANK_SD = 0.7
_SOLE_MM = 2.5
_HALVINGS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """A tube whose outline swings in and out.

    Parameters
    ----------
    tube
        What it swings about.
    orders, swings, phases, twists
        Of the Fourier series in the angle about the middle: order, swing relative to the
        section's mean radius, phase at the first station, and its turn by the last one.
    """

    tube: Tube
    orders: Array
    swings: Array
    phases: Array
    twists: Array

    @property
    def reach(self) -> Array:
        """Lowest and highest coordinates that it touches, shape (2, 3)."""
        most = np.abs(self.swings).sum() * self._radii().max()
        reach: Array = self.tube.reach + np.array([[-most], [most]])
        return reach

    def distance(self, coordinates: tuple[Array, Array, Array]) -> Field:
        """Signed distance to the surface, negative inside; only near it is it about right."""
        tube, axis = self.tube, self.tube.axis
        first, second = (a for a in range(3) if a != axis)
        knots = tube.centres[:, axis]
        along = np.clip(coordinates[axis], knots[0], knots[-1])
        middles = PchipInterpolator(knots, tube.centres[:, (first, second)])(along)
        at = (along - knots[0]) / (knots[-1] - knots[0])
        radius = np.interp(along, knots, self._radii()) * np.sin(np.pi * (0.1 + 0.8 * at))

        def spread(values: Array, where: int) -> Field:
            shape = [1, 1, 1]
            shape[where] = -1
            return values.astype(np.float32).reshape(shape)

        u = spread(coordinates[first], first) - spread(middles[:, 0], axis)
        v = spread(coordinates[second], second) - spread(middles[:, 1], axis)
        angle = np.arctan2(v, u)
        swing = sum(
            np.float32(size)
            * np.cos(np.float32(order) * angle + spread(phase + twist * at, axis))
            for order, size, phase, twist in zip(
                self.orders, self.swings, self.phases, self.twists, strict=True
            )
        )
        distance: Field = tube.distance(coordinates) - swing * spread(radius, axis)
        return distance

    def _radii(self) -> Array:
        radii: Array = np.linalg.det(self.tube.sections) ** 0.25
        return radii


@dataclass(frozen=True, slots=True, eq=False)
class ContouredBellies:
    """Contours that are drawn one after another, each around those before it.

    Parameters
    ----------
    order
        Labels, the first being in nobody's way.
    offsets
        Growth in mm, by label.
    """

    contours: Mapping[str, Contour]
    order: tuple[int, ...]
    offsets: Array
    envelope: Envelope
    septum_mm: float

    def grown(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        muscles = np.zeros(lattice.shape, dtype=np.uint8)
        taken = np.full(lattice.shape, np.float32(1e3))  # distance to those already drawn
        for label in self.order:
            shapes = [(n, c) for n, c in self.contours.items() if BELLIES[n] == label]
            offset = np.float32(self.offsets[label])
            found = list(
                lattice.distances(shapes, max(float(offset), 0.0) + self.septum_mm + 1)
            )
            for _, box, distance in found:
                inside = (distance < offset) & (taken[box] > self.septum_mm) & (fascia[box] < 0)
                muscles[box][inside] = label
            for _, box, distance in found:
                np.minimum(taken[box], distance - offset, out=taken[box])
        return muscles


def make_contoured(posture: Posture, lattice: Lattice, shape: FootShape) -> ContouredBellies:
    """Let contours grow one after another until each has its volume.

    Notes
    -----
    The order is drawn anew for each foot; who comes later wraps about who came before.
    """
    rng = np.random.default_rng((shape.texture_seed, 3))
    contours = {n: _draw_contour(t, rng) for n, t in bellies_of(posture).items()}
    rank = _RANKS + rng.normal(0, _RANK_SD, len(_RANKS))
    order = tuple((np.argsort(rank) + 1).tolist())
    bellies = nearest_bellies(contours.items(), lattice)
    hard = nearest_hard(posture, lattice)
    healthy, left = (
        volumes_mm3(v) for v in (shape.muscle_volumes_cm3, shape.remaining_volumes_cm3)
    )
    offsets = _solve(bellies, hard, order, healthy, shape.septum_mm)
    grown = (offsets + LOOSE_MM).astype(np.float32)[1:, None, None, None]
    swung = smooth((bellies[1:] - grown).min(axis=0), _SOLE_MM)  # no sole shows its muscles
    envelope = wrap_core(np.minimum(swung, hard).astype(np.float32), lattice, shape)
    inside = np.minimum(hard, -envelope.fascia)
    offsets = _solve(bellies, inside, order, left, shape.septum_mm)
    return ContouredBellies(contours, order, offsets, envelope, shape.septum_mm)


def _draw_contour(tube: Tube, rng: np.random.Generator) -> Contour:
    orders = np.array(_ORDERS, dtype=float)
    swings = rng.normal(0, _SWING / orders)
    swings *= min(1.0, 0.6 / np.abs(swings).sum())  # a belly stays in one piece
    phases = rng.uniform(0, 2 * np.pi, len(orders))
    return Contour(tube, orders, swings, phases, rng.normal(0, _TWIST, len(orders)))


def _solve(
    bellies: Field, room: Field, order: tuple[int, ...], wanted_mm3: Array, septum_mm: float
) -> Array:
    """Find how far each must grow, in turn.

    Parameters
    ----------
    room
        Distance to what muscle cannot enter; negative in there.
    """
    near = (room > -SPACING_MM) & (bellies.min(axis=0) < _GROWTH_MM[1])
    distances, free = bellies[:, near], room[near].copy()
    offsets = np.zeros(LABELS)
    for label in order:
        low, high = _GROWTH_MM
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            edge = np.minimum(np.float32(middle) - distances[label], free)
            fill = np.clip(edge / SPACING_MM + 0.5, 0, 1)
            too_small = fill.sum() * SPACING_MM**3 < wanted_mm3[label]
            low, high = (middle, high) if too_small else (low, middle)
        offsets[label] = high
        free = np.minimum(free, distances[label] - np.float32(high + septum_mm))
    return offsets
