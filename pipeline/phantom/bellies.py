"""Muscle bellies: how far each must grow to fill its compartment."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.contest import contest
from pipeline.phantom.cords import pieces
from pipeline.phantom.envelope import SPACING_MM, Envelope, make_envelope
from pipeline.phantom.lattice import Lattice
from pipeline.phantom.posture import Posture
from pipeline.phantom.shape import FootShape
from pipeline.phantom.structures import BELLIES, BONES, LEG_BELLIES, LIGAMENTS
from pipeline.phantom.tubes import LONG, Array, Field

_GROWTH_MM = 9.0  # farthest that a belly may grow beyond the reference
_SHRINKAGE_MM = 8.0  # what a wasted one may lose
_FIRST_GUESS_MM = 2.0
_LOOSE_MM = 0.3  # of fascia around the bellies
_LABELS = max(BELLIES.values()) + 1


def solve_bellies(
    posture: Posture, lattice: Lattice, shape: FootShape
) -> tuple[Envelope, Array]:
    """Find fascia and skin, and by how much each muscle must grow (mm, by label).

    Notes
    -----
    The fascia is drawn around the healthy bellies, as large as they have to be; then
    the offsets are solved for what atrophy has left, and fat takes the rest.
    """
    bellies = _nearest_bellies(posture, lattice)
    hard = _nearest_hard(posture, lattice)
    healthy = _volumes_mm3(shape.muscle_volumes_cm3)
    growth = np.full(_LABELS, _FIRST_GUESS_MM)
    envelope = _wrap(bellies, hard, growth, lattice, shape)
    growth = _solve(bellies, hard, envelope, healthy, shape.septum_mm)
    envelope = _wrap(bellies, hard, growth, lattice, shape)
    left = _volumes_mm3(shape.remaining_volumes_cm3)
    return envelope, _solve(bellies, hard, envelope, left, shape.septum_mm, growth)


def grow_bellies(
    posture: Posture, lattice: Lattice, offsets: Array, fascia: Field, septum_mm: float
) -> NDArray[np.uint8]:
    """Label each voxel by the belly that it belongs to; septa stay free."""
    shapes = [(name, posture.tubes[name]) for name in BELLIES]
    owner, first, second = contest(
        lattice, shapes, BELLIES, margin_mm=_GROWTH_MM + 1, offsets=offsets
    )
    is_muscle = (first < 0) & (second - first > septum_mm) & (fascia < 0)
    return np.where(is_muscle, owner, 0).astype(np.uint8)


def _volumes_mm3(volumes_cm3: Mapping[int, float]) -> Array:
    return np.array([volumes_cm3.get(label, 0.0) * 1e3 for label in range(_LABELS)])


def _nearest_bellies(posture: Posture, lattice: Lattice) -> Field:
    """Give the distance to each label's nearest part, shape (labels, *lattice)."""
    nearest = np.full((_LABELS, *lattice.shape), np.float32(1e3))
    shapes = [(name, posture.tubes[name]) for name in BELLIES]
    for name, box, distance in lattice.distances(shapes, _GROWTH_MM + 2):
        part = nearest[BELLIES[name]][box]
        np.minimum(part, distance, out=part)
    return nearest


def _nearest_hard(posture: Posture, lattice: Lattice) -> Field:
    """Give the distance to the nearest of what muscle cannot enter."""
    nearest = np.full(lattice.shape, np.float32(1e3))
    tubes = [(name, posture.tubes[name]) for name in (*BONES, *LIGAMENTS, *LEG_BELLIES)]
    for shapes in (tubes, pieces(posture.tendons), pieces(posture.vessels)):
        for _, box, distance in lattice.distances(shapes, 8.0):
            part = nearest[box]
            np.minimum(part, distance, out=part)
    return nearest


def _wrap(
    bellies: Field, hard: Field, growth: Array, lattice: Lattice, shape: FootShape
) -> Envelope:
    grown = (growth + _LOOSE_MM).astype(np.float32)[1:, None, None, None]
    core = np.minimum((bellies[1:] - grown).min(axis=0), hard)
    return make_envelope(
        core,
        lattice.planes_mm()[LONG] / shape.bone_length_mm,
        pad_scale=shape.pad_scale,
        skin_scale=shape.skin_scale,
    )


def _solve(
    bellies: Field,
    hard: Field,
    envelope: Envelope,
    wanted_mm3: Array,
    septum_mm: float,
    start: Array | None = None,
) -> Array:
    room = (hard > 0) & (envelope.fascia < 0) & (bellies.min(axis=0) < _GROWTH_MM)
    nearest = bellies[1:, room]
    offsets = np.zeros(_LABELS) if start is None else start.copy()
    half_width_mm = 1.0
    for _ in range(25):
        scores = nearest - offsets[1:, None].astype(np.float32)
        first, second = np.partition(scores, 1, axis=0)[:2]
        # a soft edge keeps the volume smooth in the offsets on the coarse lattice
        edge = np.minimum(-first, (second - first - septum_mm) / 2)
        fill = np.clip((edge + half_width_mm) / (2 * half_width_mm), 0, 1)
        owner = scores.argmin(axis=0) + 1
        volume = np.bincount(owner, fill, _LABELS) * SPACING_MM**3
        rim = np.bincount(owner, (fill > 0) & (fill < 1), _LABELS)
        area_mm2 = rim * SPACING_MM**3 / (2 * half_width_mm)
        step = (wanted_mm3 - volume) / np.maximum(area_mm2, 100.0)
        offsets[1:] += np.clip(step[1:], -1.0, 1.0) * 0.7
        offsets = np.clip(offsets, -_SHRINKAGE_MM, _GROWTH_MM)
    return offsets
