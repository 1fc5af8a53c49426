"""Sparse muscles: separate spindles in much fat, on long tendons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.bellies import (
    LABELS,
    bellies_of,
    nearest_bellies,
    nearest_hard,
    volumes_mm3,
    wrap,
)
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope
from pipeline.phantom.anatomy.generalised_cylinders import LATERAL, Field, Tube
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import contest
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.slips import belly_part
from pipeline.phantom.anatomy.structures import BELLIES

_ROOMY_MM = 2.5  # by which compartments are wider than the reference's thin bellies
_LENGTH = (0.72, 0.92)  # of a belly's own: the rest is tendon
_PLUMP = (0.4, 0.9)  # power of the sine that a spindle's width follows
_ROUND = 0.25  # SD of the logarithm of how much rounder or flatter a spindle is
_STRANDS: Mapping[str, int] = {
    "flexor_digitorum_brevis": 4,
    "quadratus_plantae": 2,
    "adductor_hallucis_oblique": 2,
    "extensor_digitorum_brevis": 3,
}
_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class SparseBellies:
    """Spindles, each as thick as its volume asks for.

    Parameters
    ----------
    strands
        Spindles by a name of their own, and the label of each.
    gap_mm
        Least fat between two muscles.
    """

    strands: Mapping[str, Tube]
    labels: Mapping[str, int]
    envelope: Envelope
    gap_mm: float

    def grown(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        owner, first, second = contest(
            lattice, self.strands.items(), self.labels, margin_mm=self.gap_mm + 1
        )
        is_muscle = (first < 0) & (second - first > self.gap_mm) & (fascia < 0)
        return np.where(is_muscle, owner, 0).astype(np.uint8)


def make_sparse(posture: Posture, lattice: Lattice, shape: FootShape) -> SparseBellies:
    """Make spindles of the volumes asked for in compartments that are far too wide."""
    bellies = nearest_bellies(bellies_of(posture).items(), lattice)
    hard = nearest_hard(posture, lattice)
    roomy = np.full(LABELS, _ROOMY_MM)
    envelope = wrap(bellies, hard, roomy, lattice, shape)
    strands = dict(_strands(posture, np.random.default_rng((shape.texture_seed, 2))))
    labels = {name: BELLIES[name.split("/")[0]] for name in strands}
    wanted = volumes_mm3(shape.remaining_volumes_cm3)
    gap_mm, soft_mm = shape.septum_mm, SPACING_MM / 2
    scales = np.ones(LABELS)
    for _ in range(_STEPS):
        scaled = {n: _thickened(t, scales[labels[n]]) for n, t in strands.items()}
        owner, first, second = contest(lattice, scaled.items(), labels, margin_mm=gap_mm + 2)
        edge = np.minimum(np.minimum(-first, (second - first - gap_mm) / 2), hard)
        edge = np.minimum(edge, -envelope.fascia)
        fill = np.clip(edge / (2 * soft_mm) + 0.5, 0, 1)
        volume = np.bincount(owner.ravel(), fill.ravel(), LABELS) * SPACING_MM**3
        scales *= np.clip(np.sqrt(wanted / np.maximum(volume, 1.0)), 0.6, 1.5)
        scales = np.clip(scales, 0.05, 4.0)
    scaled = {n: _thickened(t, scales[labels[n]]) for n, t in strands.items()}
    return SparseBellies(scaled, labels, envelope, gap_mm)


def _strands(posture: Posture, rng: np.random.Generator) -> Iterator[tuple[str, Tube]]:
    """Give every belly as spindles, shorter than the table's; broad ones as several."""
    for name, tube in bellies_of(posture).items():
        first = rng.uniform(0.0, 0.08)
        belly = belly_part(tube, first, first + rng.uniform(*_LENGTH))
        parts = _STRANDS.get(name, 1)
        for part in range(parts):
            share = 2 * (part + 0.5) / parts - 1
            yield f"{name}/{part}", _spindle(belly, share, parts, rng)


def _spindle(belly: Tube, share: float, parts: int, rng: np.random.Generator) -> Tube:
    """Make one spindle; beside others it lies off the belly's middle, the more the farther.

    Parameters
    ----------
    share
        Where across the belly, -1 to 1.
    """
    at = (np.arange(len(belly.centres)) + 0.5) / len(belly.centres)
    centres = belly.centres.copy()
    if parts > 1:
        half = np.sqrt(belly.sections[:, 0, 0])  # these all run along the foot
        centres[:, LATERAL] += share * half * (0.55 + 0.45 * at)
    areas = np.sqrt(np.linalg.det(belly.sections))
    # toward a circle of the same area, as far as this one is rounder
    roundness = np.clip(0.45 + rng.normal(0, _ROUND), 0.1, 0.9)
    flat = belly.sections * (1 / parts if parts > 1 else 1.0)
    circle = (areas / parts)[:, None, None] * np.eye(2)
    sections = (1 - roundness) * flat + roundness * circle
    profile = np.sin(np.pi * at) ** (2 * rng.uniform(*_PLUMP))
    wanted = profile * areas.mean() / parts
    sections *= (wanted / np.sqrt(np.linalg.det(sections)))[:, None, None]
    return Tube(belly.axis, centres, sections)


def _thickened(tube: Tube, scale: float) -> Tube:
    return Tube(tube.axis, tube.centres, tube.sections * scale**2)
