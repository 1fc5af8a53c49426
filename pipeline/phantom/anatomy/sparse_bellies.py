"""Sparse muscles: separate spindles in fat, with long tendons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.bellies import (
    LABEL_COUNT,
    bellies_of,
    distance_to_obstacles,
    distances_by_label,
    envelope_of_bellies,
    volumes_mm3,
)
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope
from pipeline.phantom.anatomy.generalised_cylinders import LATERAL, Cylinder, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.slips import crop_cylinder
from pipeline.phantom.anatomy.structures import BELLIES

_CLEARANCE_MM = 2.5  # between the reference's bellies and the fascia
_LENGTH = (0.72, 0.92)  # fraction of a belly's length; the rest is tendon
_PROFILE_POWERS = (0.4, 0.9)  # power of the sine profile of a spindle's width
_ROUNDNESS_SD = 0.25
_STRANDS: Mapping[str, int] = {
    "flexor_digitorum_brevis": 4,
    "quadratus_plantae": 2,
    "adductor_hallucis_oblique": 2,
    "extensor_digitorum_brevis": 3,
}
_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class SparseBellies:
    """Spindles scaled in thickness to their volumes.

    Parameters
    ----------
    strands
        Spindles, by name of the belly and number.
    labels
        Label of each strand.
    gap_mm
        Smallest gap between two muscles.
    """

    strands: Mapping[str, Cylinder]
    labels: Mapping[str, int]
    envelope: Envelope
    gap_mm: float

    def rasterise(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        nearest_label, first, second = assign_nearest_label(
            lattice, self.strands.items(), self.labels, margin_mm=self.gap_mm + 1
        )
        is_muscle = (first < 0) & (second - first > self.gap_mm) & (fascia < 0)
        return np.where(is_muscle, nearest_label, 0).astype(np.uint8)


def make_sparse(
    structures: PosedStructures, lattice: Lattice, shape: FootShape
) -> SparseBellies:
    """Scale spindles to the volumes of a shape, in wide compartments."""
    bellies = distances_by_label(bellies_of(structures).items(), lattice)
    obstacles = distance_to_obstacles(structures, lattice)
    clearance_mm = np.full(LABEL_COUNT, _CLEARANCE_MM)
    envelope = envelope_of_bellies(bellies, obstacles, clearance_mm, lattice, shape)
    strands = dict(_strands(structures, np.random.default_rng((shape.texture_seed, 2))))
    labels = {name: BELLIES[name.split("/")[0]] for name in strands}
    wanted = volumes_mm3(shape.remaining_volumes_cm3)
    gap_mm, soft_mm = shape.septum_mm, SPACING_MM / 2
    scales = np.ones(LABEL_COUNT)
    for _ in range(_STEPS):
        scaled = {n: _thickened(t, scales[labels[n]]) for n, t in strands.items()}
        nearest_label, first, second = assign_nearest_label(
            lattice, scaled.items(), labels, margin_mm=gap_mm + 2
        )
        edge = np.minimum(np.minimum(-first, (second - first - gap_mm) / 2), obstacles)
        edge = np.minimum(edge, -envelope.fascia)
        fill = np.clip(edge / (2 * soft_mm) + 0.5, 0, 1)
        volume = np.bincount(nearest_label.ravel(), fill.ravel(), LABEL_COUNT) * SPACING_MM**3
        scales *= np.clip(np.sqrt(wanted / np.maximum(volume, 1.0)), 0.6, 1.5)
        scales = np.clip(scales, 0.05, 4.0)
    scaled = {n: _thickened(t, scales[labels[n]]) for n, t in strands.items()}
    return SparseBellies(scaled, labels, envelope, gap_mm)


def _strands(
    structures: PosedStructures, rng: np.random.Generator
) -> Iterator[tuple[str, Cylinder]]:
    """Yield the spindles of every belly: shorter than the belly, several for a broad one."""
    for name, cylinder in bellies_of(structures).items():
        first = rng.uniform(0.0, 0.08)
        belly = crop_cylinder(cylinder, first, first + rng.uniform(*_LENGTH))
        count = _STRANDS.get(name, 1)
        for k in range(count):
            position = 2 * (k + 0.5) / count - 1
            yield f"{name}/{k}", _spindle(belly, position, count, rng)


def _spindle(
    belly: Cylinder, position: float, count: int, rng: np.random.Generator
) -> Cylinder:
    """Make one of the spindles of a belly.

    Parameters
    ----------
    position
        Across the belly, -1 to 1; 0 is its centre line.
    count
        Number of spindles of the belly.
    """
    at = (np.arange(len(belly.centres)) + 0.5) / len(belly.centres)
    centres = belly.centres.copy()
    if count > 1:
        half = np.sqrt(belly.sections[:, 0, 0])  # all divided bellies run along the foot
        centres[:, LATERAL] += position * half * (0.55 + 0.45 * at)
    areas = np.sqrt(np.linalg.det(belly.sections))
    # interpolate between the belly's ellipse and a circle of the same area
    roundness = np.clip(0.45 + rng.normal(0, _ROUNDNESS_SD), 0.1, 0.9)
    flat = belly.sections * (1 / count if count > 1 else 1.0)
    circle = (areas / count)[:, None, None] * np.eye(2)
    sections = (1 - roundness) * flat + roundness * circle
    profile = np.sin(np.pi * at) ** (2 * rng.uniform(*_PROFILE_POWERS))
    wanted = profile * areas.mean() / count
    sections *= (wanted / np.sqrt(np.linalg.det(sections)))[:, None, None]
    return Cylinder(belly.axis, centres, sections)


def _thickened(cylinder: Cylinder, scale: float) -> Cylinder:
    return Cylinder(cylinder.axis, cylinder.centres, cylinder.sections * scale**2)
