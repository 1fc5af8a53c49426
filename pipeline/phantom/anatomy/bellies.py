"""What all muscle models share: distances to bellies and obstacles, volumes and offsets."""

from collections.abc import Iterable, Mapping

import numpy as np

from pipeline.phantom.anatomy.capsules import named_capsules
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope, make_envelope
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Cylinder, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice, Shape
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES, BONES, LEG_BELLIES, LIGAMENTS

GROWTH_MM = 9.0
"""Largest growth of a belly relative to the reference."""
_SHRINKAGE_MM = 8.0  # largest shrinkage of an atrophied belly
LOOSE_MM = 0.3
"""Gap between bellies and deep fascia."""
LABEL_COUNT = max(BELLIES.values()) + 1


def bellies_of(structures: PosedStructures) -> dict[str, Cylinder]:
    """Give the cylinders of all bellies, by name."""
    return {name: structures.cylinders[name] for name in BELLIES}


def volumes_mm3(volumes_cm3: Mapping[int, float]) -> Array:
    """Give volumes by label, 0 for none."""
    return np.array([volumes_cm3.get(label, 0.0) * 1e3 for label in range(LABEL_COUNT)])


def distances_by_label(
    shapes: Iterable[tuple[str, Shape]], lattice: Lattice, margin_mm: float = GROWTH_MM + 2
) -> Field:
    """Give the signed distance to the nearest shape of each label, shape (labels, *lattice).

    Parameters
    ----------
    shapes
        Bellies, or their cores, by name of the belly.
    margin_mm
        Distance beyond its surface up to which a shape is evaluated.
    """
    nearest = np.full((LABEL_COUNT, *lattice.shape), np.float32(1e3))
    for name, box, distance in lattice.distances(shapes, margin_mm):
        view = nearest[BELLIES[name]][box]
        np.minimum(view, distance, out=view)
    return nearest


def distance_to_obstacles(structures: PosedStructures, lattice: Lattice) -> Field:
    """Give the signed distance to bones, ligaments, tendons and vessels."""
    nearest = np.full(lattice.shape, np.float32(1e3))
    cylinders = [
        (name, structures.cylinders[name]) for name in (*BONES, *LIGAMENTS, *LEG_BELLIES)
    ]
    for shapes in (
        cylinders,
        named_capsules(structures.tendons),
        named_capsules(structures.vessels),
    ):
        for _, box, distance in lattice.distances(shapes, 8.0):
            view = nearest[box]
            np.minimum(view, distance, out=view)
    return nearest


def envelope_of_bellies(
    bellies: Field, obstacles: Field, growth: Array, lattice: Lattice, shape: FootShape
) -> Envelope:
    """Make fascia and skin around grown bellies and obstacles."""
    grown = (growth + LOOSE_MM).astype(np.float32)[1:, None, None, None]
    return envelope_around(
        np.minimum((bellies[1:] - grown).min(axis=0), obstacles), lattice, shape
    )


def envelope_around(core: Field, lattice: Lattice, shape: FootShape) -> Envelope:
    """Make fascia and skin around deep structures, given the signed distance to them."""
    return make_envelope(
        core,
        lattice.planes_mm()[LONG] / shape.bone_length_mm,
        pad_scale=shape.pad_scale,
        skin_scale=shape.skin_scale,
    )


def solve_offsets(
    bellies: Field,
    obstacles: Field,
    envelope: Envelope | None,
    wanted_mm3: Array,
    septum_mm: float,
    start: Array | None = None,
) -> Array:
    """Solve for the offset at which each label has its volume (mm, by label).

    Parameters
    ----------
    bellies
        Distance to each label, from `distances_by_label`.
    obstacles
        Distance to obstacles, from `distance_to_obstacles`.
    envelope
        Muscles stay inside its fascia; None for no such limit.
    wanted_mm3
        Volumes, by label.
    start
        Initial offsets; 0 by default.
    """
    available = (obstacles > 0) & (bellies.min(axis=0) < GROWTH_MM)
    if envelope is not None:
        available &= envelope.fascia < 0
    nearest = bellies[1:, available]
    offsets = np.zeros(LABEL_COUNT) if start is None else start.copy()
    half_width_mm = 1.0
    for _ in range(25):
        scores = nearest - offsets[1:, None].astype(np.float32)
        first, second = np.partition(scores, 1, axis=0)[:2]
        # a soft edge makes the volume a smooth function of the offsets
        edge = np.minimum(-first, (second - first - septum_mm) / 2)
        fill = np.clip((edge + half_width_mm) / (2 * half_width_mm), 0, 1)
        nearest_label = scores.argmin(axis=0) + 1
        volume = np.bincount(nearest_label, fill, LABEL_COUNT) * SPACING_MM**3
        is_edge = np.bincount(nearest_label, (fill > 0) & (fill < 1), LABEL_COUNT)
        area_mm2 = is_edge * SPACING_MM**3 / (2 * half_width_mm)
        step = (wanted_mm3 - volume) / np.maximum(area_mm2, 100.0)
        offsets[1:] += np.clip(step[1:], -1.0, 1.0) * 0.7
        offsets = np.clip(offsets, -_SHRINKAGE_MM, GROWTH_MM)
    return offsets
