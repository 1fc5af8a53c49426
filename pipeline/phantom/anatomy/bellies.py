"""Tapered bellies: how far each must grow to fill its compartment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.capsules import pieces
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope, make_envelope
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Field, Tube
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice, Shape
from pipeline.phantom.anatomy.nearest_label import contest
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES, BONES, LEG_BELLIES, LIGAMENTS

_GROWTH_MM = 9.0  # farthest that a belly may grow beyond the reference
_SHRINKAGE_MM = 8.0  # what a wasted one may lose
_FIRST_GUESS_MM = 2.0
LOOSE_MM = 0.3  # of fascia around the bellies
LABELS = max(BELLIES.values()) + 1


@dataclass(frozen=True, slots=True, eq=False)
class TaperedBellies:
    """Tubes that have each grown by their own distance.

    Parameters
    ----------
    tubes
        By name.
    offsets
        Growth in mm, by label.
    """

    tubes: Mapping[str, Tube]
    envelope: Envelope
    offsets: Array
    septum_mm: float

    def grown(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        return grow_bellies(self.tubes, lattice, self.offsets, fascia, self.septum_mm)


def make_tapered(posture: Posture, lattice: Lattice, shape: FootShape) -> TaperedBellies:
    """Let every belly grow until it has its volume."""
    envelope, offsets = solve_bellies(posture, lattice, shape)
    return TaperedBellies(bellies_of(posture), envelope, offsets, shape.septum_mm)


def solve_bellies(
    posture: Posture, lattice: Lattice, shape: FootShape
) -> tuple[Envelope, Array]:
    """Find fascia and skin, and by how much each muscle must grow (mm, by label).

    Notes
    -----
    The fascia is drawn around the healthy bellies, as large as they have to be; then
    the offsets are solved for what atrophy has left, and fat takes the rest.
    """
    bellies = nearest_bellies(bellies_of(posture).items(), lattice)
    hard = nearest_hard(posture, lattice)
    healthy = volumes_mm3(shape.muscle_volumes_cm3)
    growth = np.full(LABELS, _FIRST_GUESS_MM)
    envelope = wrap(bellies, hard, growth, lattice, shape)
    growth = solve_offsets(bellies, hard, envelope, healthy, shape.septum_mm)
    envelope = wrap(bellies, hard, growth, lattice, shape)
    left = volumes_mm3(shape.remaining_volumes_cm3)
    return envelope, solve_offsets(bellies, hard, envelope, left, shape.septum_mm, growth)


def grow_bellies(
    tubes: Mapping[str, Tube],
    lattice: Lattice,
    offsets: Array,
    fascia: Field,
    septum_mm: float,
) -> NDArray[np.uint8]:
    """Label each voxel by the belly that it belongs to; septa stay free."""
    owner, first, second = contest(
        lattice, tubes.items(), BELLIES, margin_mm=_GROWTH_MM + 1, offsets=offsets
    )
    is_muscle = (first < 0) & (second - first > septum_mm) & (fascia < 0)
    return np.where(is_muscle, owner, 0).astype(np.uint8)


def bellies_of(posture: Posture) -> dict[str, Tube]:
    """Give the tubes of all bellies, by name."""
    return {name: posture.tubes[name] for name in BELLIES}


def volumes_mm3(volumes_cm3: Mapping[int, float]) -> Array:
    """Give volumes by label, 0 for none."""
    return np.array([volumes_cm3.get(label, 0.0) * 1e3 for label in range(LABELS)])


def nearest_bellies(
    shapes: Iterable[tuple[str, Shape]], lattice: Lattice, margin_mm: float = _GROWTH_MM + 2
) -> Field:
    """Give the distance to each label's nearest part, shape (labels, *lattice).

    Parameters
    ----------
    shapes
        Bellies, or whatever stands for them, under their names.
    margin_mm
        How far beyond its surface a shape is looked at.
    """
    nearest = np.full((LABELS, *lattice.shape), np.float32(1e3))
    for name, box, distance in lattice.distances(shapes, margin_mm):
        part = nearest[BELLIES[name]][box]
        np.minimum(part, distance, out=part)
    return nearest


def nearest_hard(posture: Posture, lattice: Lattice) -> Field:
    """Give the distance to the nearest of what muscle cannot enter."""
    nearest = np.full(lattice.shape, np.float32(1e3))
    tubes = [(name, posture.tubes[name]) for name in (*BONES, *LIGAMENTS, *LEG_BELLIES)]
    for shapes in (tubes, pieces(posture.tendons), pieces(posture.vessels)):
        for _, box, distance in lattice.distances(shapes, 8.0):
            part = nearest[box]
            np.minimum(part, distance, out=part)
    return nearest


def wrap(
    bellies: Field, hard: Field, growth: Array, lattice: Lattice, shape: FootShape
) -> Envelope:
    """Draw fascia and skin around bellies that have grown, and all that is hard."""
    grown = (growth + LOOSE_MM).astype(np.float32)[1:, None, None, None]
    return wrap_core(np.minimum((bellies[1:] - grown).min(axis=0), hard), lattice, shape)


def wrap_core(core: Field, lattice: Lattice, shape: FootShape) -> Envelope:
    """Draw fascia and skin around a core, given the signed distance to it."""
    return make_envelope(
        core,
        lattice.planes_mm()[LONG] / shape.bone_length_mm,
        pad_scale=shape.pad_scale,
        skin_scale=shape.skin_scale,
    )


def solve_offsets(
    bellies: Field,
    hard: Field,
    envelope: Envelope | None,
    wanted_mm3: Array,
    septum_mm: float,
    start: Array | None = None,
) -> Array:
    """Find by how much each label must grow to have its volume (mm, by label).

    Parameters
    ----------
    bellies
        Distance to each label, as `nearest_bellies` gives it.
    hard
        Distance to what muscle cannot enter.
    envelope
        Whose fascia holds all muscle, if there is one yet.
    start
        Where to begin.
    """
    room = (hard > 0) & (bellies.min(axis=0) < _GROWTH_MM)
    if envelope is not None:
        room &= envelope.fascia < 0
    nearest = bellies[1:, room]
    offsets = np.zeros(LABELS) if start is None else start.copy()
    half_width_mm = 1.0
    for _ in range(25):
        scores = nearest - offsets[1:, None].astype(np.float32)
        first, second = np.partition(scores, 1, axis=0)[:2]
        # a soft edge keeps the volume smooth in the offsets on the coarse lattice
        edge = np.minimum(-first, (second - first - septum_mm) / 2)
        fill = np.clip((edge + half_width_mm) / (2 * half_width_mm), 0, 1)
        owner = scores.argmin(axis=0) + 1
        volume = np.bincount(owner, fill, LABELS) * SPACING_MM**3
        rim = np.bincount(owner, (fill > 0) & (fill < 1), LABELS)
        area_mm2 = rim * SPACING_MM**3 / (2 * half_width_mm)
        step = (wanted_mm3 - volume) / np.maximum(area_mm2, 100.0)
        offsets[1:] += np.clip(step[1:], -1.0, 1.0) * 0.7
        offsets = np.clip(offsets, -_SHRINKAGE_MM, _GROWTH_MM)
    return offsets
