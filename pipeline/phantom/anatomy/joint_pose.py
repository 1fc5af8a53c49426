"""The reference structures, deformed to one individual's proportions and joint angles."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pipeline.phantom.anatomy.capsules import CapsuleChain
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LONG, Array, Cylinder
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import bellies_and_bones, nerves, tendons, vessels

_MTP = {
    1: (-0.091, 0.735),
    2: (0.000, 0.765),
    3: (0.066, 0.752),
    4: (0.124, 0.719),
    5: (0.184, 0.671),
}
"""Metatarsophalangeal joints of the reference foot: lateral, long."""

_TMT_LONG = 0.48  # distal to it the rays are lengthened
_FIRST_TMT = 0.51
_ANKLE = np.array((-0.01, 0.215, 0.270))  # axis of plantarflexion, reference foot
_LEG = frozenset({"tibia", "fibula", "deep_posterior_belly", "fibular_belly"})
_FOOT_BONES_STAY = (
    "talus",
    "calcaneus",
    "navicular",
    "cuboid",
    "cuneiform",
    "metatarsal",
    "phalanx",
)


@dataclass(frozen=True, slots=True, eq=False)
class PosedStructures:
    """Every structure of one foot, in mm.

    Parameters
    ----------
    tubes
        Bellies, bones and flat ligaments.
    tendons, vessels, nerves
        Round structures.
    """

    cylinders: Mapping[str, Cylinder]
    tendons: Mapping[str, CapsuleChain]
    vessels: Mapping[str, CapsuleChain]
    nerves: Mapping[str, CapsuleChain]


def pose_structures(shape: FootShape) -> PosedStructures:
    """Give every structure the individual's proportions and joint angles."""
    cylinders = {
        name: _fit_cylinder(name, cylinder, shape)
        for name, cylinder in bellies_and_bones().items()
    }
    chains = (
        {name: _fit_chain(name, chain, shape) for name, chain in group.items()}
        for group in (tendons(), vessels(), nerves())
    )
    return PosedStructures(MappingProxyType(cylinders), *(MappingProxyType(c) for c in chains))


def _fit_cylinder(name: str, cylinder: Cylinder, shape: FootShape) -> Cylinder:
    centres = _keep_order(_move(name, cylinder.centres, shape), cylinder.axis)
    scales = np.array((shape.width, 1.0, shape.height))
    if name in _LEG and cylinder.axis == DORSAL:
        # a horizontal section of a tilted leg is longer from front to back
        scales[LONG] = 1 / np.cos(np.deg2rad(shape.plantarflexion_deg))
    if name.endswith("phalanx_1"):
        scales[0] /= np.cos(np.deg2rad(shape.hallux_valgus_deg))
    in_slice = scales[
        [a for a in ((1, 0) if cylinder.axis == DORSAL else range(3)) if a != cylinder.axis]
    ]
    sections = cylinder.sections * np.outer(in_slice, in_slice)
    length = shape.bone_length_mm
    return Cylinder(cylinder.axis, centres * length, sections * length**2)


def _fit_chain(name: str, chain: CapsuleChain, shape: FootShape) -> CapsuleChain:
    points = _move(name, chain.points, shape)
    return CapsuleChain(points * shape.bone_length_mm, chain.radii * shape.bone_length_mm)


def _move(name: str, reference: Array, shape: FootShape) -> Array:
    """Deform points (lateral, long, dorsal; bone lengths) of one structure."""
    moved = reference.copy()
    _lengthen_ray(name, moved, shape)
    _turn_first_ray(moved, shape)
    _turn_toe(name, moved, shape)
    lateral, long, dorsal = moved.T
    moved = np.column_stack(
        (
            lateral * shape.width + shape.adduction * np.maximum(long - 0.35, 0) ** 2 / 0.42,
            long,
            dorsal * shape.height + shape.arch * np.exp(-(((long - 0.42) / 0.16) ** 2)),
        )
    )
    for *direction, k0, k1, k2, phase in shape.waves:
        swing = np.sin(reference @ (k0, k1, k2) + phase)
        moved += swing[:, None] * np.array(direction)
    _tilt_leg(name, reference, moved, shape)
    return moved


def _ray(name: str) -> int | None:
    if name in {"hallux_sesamoids", "flexor_hallucis_longus", "extensor_hallucis_longus"}:
        return 1
    follows = name.startswith(
        ("metatarsal_", "flexor_digitorum_longus_", "extensor_digitorum_longus_")
    )
    return int(name[-1]) if follows or "phalanx_" in name else None


def _lengthen_ray(name: str, points: Array, shape: FootShape) -> None:
    ray = _ray(name)
    if ray is not None:
        points[:, LONG] += shape.metatarsal_parabola[ray - 1] * np.maximum(
            points[:, LONG] - _TMT_LONG, 0
        )


def _turn_first_ray(points: Array, shape: FootShape) -> None:
    """Turn the first metatarsal medially, with adjacent tissue, by a third of the valgus."""
    angle = np.deg2rad(shape.hallux_valgus_deg) / 3
    medial = np.clip((-0.03 - points[:, 0]) / 0.03, 0, 1)
    points[:, 0] -= medial * np.tan(angle) * np.clip(points[:, LONG] - _FIRST_TMT, 0, 0.225)


def _turn_toe(name: str, points: Array, shape: FootShape) -> None:
    ray = _ray(name)
    if ray is None or name.startswith("metatarsal") or name == "hallux_sesamoids":
        return
    lateral, long = _MTP[ray]
    long += shape.metatarsal_parabola[ray - 1] * (long - _TMT_LONG)
    valgus = shape.hallux_valgus_deg if ray == 1 else 0.0
    if ray == 1:
        lateral -= np.tan(np.deg2rad(valgus) / 3) * (long - _FIRST_TMT)
    angle = np.deg2rad(valgus + (ray - 2) * shape.toe_splay_deg)
    is_toe = points[:, LONG] > long
    across, along = points[is_toe, 0] - lateral, points[is_toe, LONG] - long
    along *= shape.toe_length
    points[is_toe, 0] = lateral + across * np.cos(angle) + along * np.sin(angle)
    points[is_toe, LONG] = long + along * np.cos(angle) - across * np.sin(angle)


def _tilt_leg(name: str, reference: Array, points: Array, shape: FootShape) -> None:
    """Turn the leg backward about the ankle axis, and tendons above it gradually."""
    if name in _LEG:
        weight = np.ones(len(points))
    elif any(part in name for part in _FOOT_BONES_STAY):
        return
    else:
        rise = np.clip((reference[:, DORSAL] - 0.20) / 0.14, 0, 1)
        weight = rise**2 * (3 - 2 * rise)
    angle = weight * np.deg2rad(shape.plantarflexion_deg)
    axis = _ANKLE * (shape.width, 1.0, shape.height)
    long, dorsal = points[:, LONG] - axis[LONG], points[:, DORSAL] - axis[DORSAL]
    points[:, LONG] = axis[LONG] + long * np.cos(angle) - dorsal * np.sin(angle)
    points[:, DORSAL] = axis[DORSAL] + long * np.sin(angle) + dorsal * np.cos(angle)


def _keep_order(centres: Array, axis: int) -> Array:
    """Keep stations ascending along their axis, as a wave may fold a steep structure."""
    kept = centres.copy()
    kept[:, axis] = np.maximum.accumulate(centres[:, axis] - 1e-4 * np.arange(len(centres)))
    kept[:, axis] += 1e-4 * np.arange(len(centres))
    return kept
