"""How one foot differs from another: a few numbers, drawn at random."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Side
from pipeline.phantom.tubes import Array, Tube, reference_tubes

# Kura et al. 1997 (PCSA x fibre length), times 1.35 to reach the 113.3 cm3 of contractile
# plantar volume that Chang et al. 2012 found in living feet. By contract label, cm3.
MEAN_VOLUMES_CM3: Mapping[int, float] = MappingProxyType(
    {
        1: 20.8,
        2: 15.1,
        3: 12.2,
        4: 10.5,
        5: 2.9,
        6: 9.0,
        7: 12.4,
        8: 1.6,
        9: 4.8,
        10: 24.1,
        11: 6.2,
        12: 5.0,
    }
)
MEAN_BONE_LENGTH_MM = 222.5
_VOLUME_CV = (
    0.22  # between subjects 20 to 30 % (Andersen 2004, Swanson 2022), shared part included
)
_SHARED = 0.6  # correlation of a foot's muscles, judgement


@dataclass(frozen=True, slots=True)
class FootShape:
    """Everything that makes one foot itself.

    Parameters
    ----------
    bone_length_mm
        Calcaneus to the farthest phalanx.
    muscle_volumes_cm3
        Volume aimed at, by contract label. What fits in the foot is the truth.
    width, height
        Relative to the reference foot.
    arch
        Rise of the arch, in bone lengths, relative to the reference foot.
    adduction
        Bend of the forefoot toward the little toe, in bone lengths at the toes.
    toe_length
        Relative to the reference foot.
    pad_scale, skin_scale
        Relative thickness of the sole's pad and of the rest of the subcutis.
    septum_mm
        Gap between neighbouring muscles.
    cortex_mm
        Thickness of cortical bone.
    waves
        Smooth displacement of everything: per wave a direction and wave vector (3)
        in bone lengths and a phase; shape (n, 7) as nested tuples.
    """

    side: Side = Side.RIGHT
    bone_length_mm: float = MEAN_BONE_LENGTH_MM
    muscle_volumes_cm3: Mapping[int, float] = field(default_factory=lambda: MEAN_VOLUMES_CM3)
    width: float = 1.0
    height: float = 1.0
    arch: float = 0.0
    adduction: float = 0.0
    toe_length: float = 1.0
    pad_scale: float = 1.0
    skin_scale: float = 1.0
    septum_mm: float = 0.6
    cortex_mm: float = 1.3
    waves: tuple[tuple[float, ...], ...] = ()

    def tubes(self) -> dict[str, Tube]:
        """Every structure of this foot, in mm."""
        return {name: self._fit(tube) for name, tube in reference_tubes().items()}

    def _fit(self, tube: Tube) -> Tube:
        lateral, long, dorsal = tube.centres.T
        toes = np.maximum(long - 0.735, 0)
        moved = np.column_stack(
            (
                lateral * self.width + self.adduction * np.maximum(long - 0.35, 0) ** 2 / 0.42,
                long + toes * (self.toe_length - 1),
                dorsal * self.height + self.arch * np.exp(-(((long - 0.42) / 0.16) ** 2)),
            )
        )
        for *direction, k0, k1, k2, phase in self.waves:
            swing = np.sin(tube.centres @ (k0, k1, k2) + phase)
            moved += swing[:, None] * np.array(direction)
        moved = _still_rising(moved, tube.axis)
        scales = np.array((self.width, 1.0, self.height))
        in_slice = scales[
            [a for a in ((1, 0) if tube.axis == 2 else range(3)) if a != tube.axis]
        ]
        sections = tube.sections * np.outer(in_slice, in_slice)
        return Tube(tube.axis, moved * self.bone_length_mm, sections * self.bone_length_mm**2)


def _still_rising(centres: Array, axis: int) -> Array:
    """Keep stations in order along their axis: a wave may fold a steep tendon."""
    steps = np.diff(centres[:, axis], prepend=centres[0, axis] - 1)
    if (steps > 0).all():
        return centres
    kept = centres.copy()
    kept[:, axis] = np.maximum.accumulate(centres[:, axis]) + 1e-5 * np.arange(len(centres))
    return kept


def draw_shape(rng: np.random.Generator, side: Side = Side.RIGHT) -> FootShape:
    """Draw one foot of the population.

    Notes
    -----
    Muscle volumes are log-normal about `MEAN_VOLUMES_CM3`, CV 22 %, correlated
    0.6 within a foot. Lengths: mean 222 mm, SD 12 mm of bone. The remaining spreads
    are judgement, chosen so that feet look unalike but human.
    """
    length_mm = float(np.clip(rng.normal(MEAN_BONE_LENGTH_MM, 12.0), 190, 255))
    shared = rng.normal()
    own = rng.normal(size=len(MUSCLE_NAMES))
    sigma = np.sqrt(np.log1p(_VOLUME_CV**2))
    exponents = sigma * (np.sqrt(_SHARED) * shared + np.sqrt(1 - _SHARED) * own) - sigma**2 / 2
    body = (length_mm / MEAN_BONE_LENGTH_MM) ** 3
    volumes = {
        label: float(mean * body * np.exp(e))
        for (label, mean), e in zip(MEAN_VOLUMES_CM3.items(), exponents, strict=True)
    }
    waves = []
    for _ in range(6):
        direction = rng.normal(0, 0.0022, 3)
        vector = rng.normal(size=3)
        vector *= 2 * np.pi / rng.uniform(0.35, 0.9) / np.linalg.norm(vector)
        waves.append((*direction.tolist(), *vector.tolist(), float(rng.uniform(0, 2 * np.pi))))
    return FootShape(
        side=side,
        bone_length_mm=length_mm,
        muscle_volumes_cm3=MappingProxyType(volumes),
        width=float(np.clip(rng.normal(1, 0.05), 0.87, 1.13)),
        height=float(np.clip(rng.normal(1, 0.05), 0.87, 1.13)),
        arch=float(np.clip(rng.normal(0, 0.010), -0.02, 0.02)),
        adduction=float(np.clip(rng.normal(0, 0.015), -0.03, 0.03)),
        toe_length=float(np.clip(rng.normal(1, 0.06), 0.85, 1.15)),
        pad_scale=float(rng.uniform(0.8, 1.2)),
        skin_scale=float(rng.uniform(0.7, 1.4)),
        septum_mm=float(rng.uniform(0.3, 1.0)),
        cortex_mm=float(rng.uniform(1.0, 1.7)),
        waves=tuple(waves),
    )
