"""Tendons and slips of the intrinsic muscles, ligaments and digital vessels."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from scipy.interpolate import PchipInterpolator

from pipeline.phantom.anatomy.capsules import CapsuleChain
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, Array, Cylinder
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.structures import BELLIES

_STATIONS = 12  # of a belly after cropping
_RADIUS = 0.0048  # of a muscle's own tendon, bone lengths: 1.1 mm
_THIN = 0.0034  # of lumbricals, interossei and the slips to the toes
_FROM = 0.55  # where a tendon begins inside its belly, fraction of the belly's length

# Where the belly ends and the tendon begins along a cylinder of the table (fraction of its
# length), unless at its end: no belly extends to the heads of the metatarsals.
_BELLY_ENDS: Mapping[str, float] = MappingProxyType(
    {
        "abductor_hallucis": 0.94,
        "plantar_interosseous_1": 0.75,
        "plantar_interosseous_2": 0.86,
        "plantar_interosseous_3": 0.78,
        "dorsal_interosseous_1": 0.72,
        "dorsal_interosseous_2": 0.92,
        "flexor_hallucis_brevis_medial": 0.90,
        "flexor_hallucis_brevis_lateral": 0.92,
        "flexor_digiti_minimi_brevis": 0.92,
        "lumbrical_1": 0.92,
        "lumbrical_2": 0.90,
        "lumbrical_3": 0.92,
    }
)

_BELLY_BEGINS: Mapping[str, float] = MappingProxyType({"flexor_hallucis_brevis_medial": 0.2})

# Insertion of each belly: ray, and side of the proximal phalanx's base (lateral, dorsal).
_INSERTIONS: Mapping[str, tuple[int, tuple[float, float]]] = MappingProxyType(
    {
        "abductor_hallucis": (1, (-0.9, -0.4)),
        "abductor_digiti_minimi": (5, (0.9, -0.4)),
        "flexor_digiti_minimi_brevis": (5, (0.3, -1.0)),
        "flexor_hallucis_brevis_medial": (1, (-0.5, -1.0)),
        "flexor_hallucis_brevis_lateral": (1, (0.5, -1.0)),
        "adductor_hallucis_oblique": (1, (0.9, -0.6)),
        "extensor_hallucis_brevis": (1, (0.5, 0.9)),
        **{f"lumbrical_{n}": (n + 1, (-0.9, -0.3)) for n in (1, 2, 3, 4)},
        **{f"plantar_interosseous_{n}": (n + 2, (-0.9, 0.1)) for n in (1, 2, 3)},
        "dorsal_interosseous_1": (2, (-0.9, 0.3)),
        **{f"dorsal_interosseous_{n}": (n, (0.9, 0.3)) for n in (2, 3, 4)},
    }
)
_SLIPS: Mapping[str, tuple[tuple[int, ...], float]] = MappingProxyType(
    {
        "flexor_digitorum_brevis": ((2, 3, 4, 5), -1.0),
        "extensor_digitorum_brevis": ((2, 3, 4), 1.0),
    }
)
"""Rays to which a belly sends slips, and whether above (1) or below (-1) their bones."""


def add_tendons(structures: PosedStructures, length_mm: float) -> PosedStructures:
    """Crop bellies to their muscular part and add tendons, slips, ligaments, digital vessels.

    Parameters
    ----------
    length_mm
        Bone length of the foot.
    """
    cylinders = dict(structures.cylinders)
    for name in BELLIES:
        cylinders[name] = crop_cylinder(
            cylinders[name], _BELLY_BEGINS.get(name, 0.0), _BELLY_ENDS.get(name, 1.0)
        )
    tendons = dict(structures.tendons)
    tendons |= _own_tendons(cylinders, length_mm) | _ligaments(cylinders, length_mm)
    digital = _digital(cylinders, length_mm)
    return replace(
        structures,
        cylinders=MappingProxyType(cylinders),
        tendons=MappingProxyType(tendons),
        vessels=MappingProxyType({**structures.vessels, **digital}),
    )


def crop_cylinder(cylinder: Cylinder, first: float, last: float) -> Cylinder:
    """Crop a cylinder to a range of its length, given as fractions."""
    along = cylinder.centres[:, cylinder.axis]
    low, high = along[0] - cylinder.cap, along[-1] + cylinder.cap
    ends = low + (high - low) * np.array((first, last))
    step = (ends[1] - ends[0]) / _STATIONS
    at = ends[0] + step * (np.arange(_STATIONS) + 0.5)
    inside = np.clip(at, along[0], along[-1])
    centres = PchipInterpolator(along, cylinder.centres)(inside)
    centres[:, cylinder.axis] = at
    sections = np.array(
        [[np.interp(inside, along, cylinder.sections[:, i, j]) for j in (0, 1)] for i in (0, 1)]
    )
    return Cylinder(cylinder.axis, centres, sections.transpose(2, 0, 1))


def _own_tendons(
    cylinders: Mapping[str, Cylinder], length_mm: float
) -> dict[str, CapsuleChain]:
    chains = {}
    for name, (ray, side) in _INSERTIONS.items():
        thin = name.startswith(("lumbrical", "plantar", "dorsal"))
        radius = length_mm * (_THIN if thin else _RADIUS)
        base = _beside(cylinders[f"proximal_phalanx_{ray}"], 0, side, radius)
        chains[name] = _chain([*_within(cylinders[name]), base], radius)
    for name, (rays, height) in _SLIPS.items():
        # plantar to the long flexor's slip, which is as wide
        radius = length_mm * _THIN
        depth = 3.5 * radius if height < 0 else radius
        for ray in rays:
            along = [
                _beside(cylinders[f"{part}_{ray}"], station, (0.0, height), depth)
                for part, station in (
                    ("metatarsal", -1),
                    ("proximal_phalanx", 0),
                    ("proximal_phalanx", -1),
                )
            ]
            belly = cylinders[name]
            start = belly.centres[_station(belly, _FROM)]
            position = (rays.index(ray) + 0.5) / len(rays) * 2 - 1
            fanned = belly.centres[-1] + position * 0.7 * _half(belly, -1, LATERAL)
            chains[f"{name}_{ray}"] = _chain([start, fanned, *along], radius)
    return chains


def _ligaments(cylinders: Mapping[str, Cylinder], length_mm: float) -> dict[str, CapsuleChain]:
    """Make plantar plates, deep transverse, spring and short plantar ligaments."""
    thick, thin = 0.008 * length_mm, 0.005 * length_mm
    chains = {}
    for ray in (1, 2, 3, 4, 5):
        head, toe = cylinders[f"metatarsal_{ray}"], cylinders[f"proximal_phalanx_{ray}"]
        below = (0.0, -1.0)
        plate = [_beside(head, -1, below, thin), _beside(toe, 0, below, thin)]
        chains[f"plantar_plate_{ray}"] = _chain(plate, thin)
        if ray > 1:
            other = cylinders[f"metatarsal_{ray - 1}"]
            ends = [_beside(bone, -1, (0.0, -0.7), 0.0) for bone in (other, head)]
            chains[f"deep_transverse_{ray}"] = _chain(ends, thin)
    heel, navicular, cuboid = (cylinders[n] for n in ("calcaneus", "navicular", "cuboid"))
    spring = [_beside(heel, -2, (-0.9, -0.3), 0.0), _beside(navicular, 0, (-0.3, -1.0), 0.0)]
    short = [_beside(heel, -2, (0.0, -1.0), 0.0), _beside(cuboid, 1, (-0.3, -1.0), 0.0)]
    return chains | {"spring": _chain(spring, thick), "short_plantar": _chain(short, thick)}


def _digital(cylinders: Mapping[str, Cylinder], length_mm: float) -> dict[str, CapsuleChain]:
    """Make the neurovascular bundle to each cleft between the toes."""
    radius = 0.0042 * length_mm
    chains = {}
    for ray in (1, 2, 3, 4):
        first, second = (cylinders[f"metatarsal_{n}"] for n in (ray, ray + 1))
        points = []
        for station in (-5, -3, -1):
            pair = [_beside(bone, station, (0.0, -1.0), 3 * radius) for bone in (first, second)]
            points.append(np.mean(pair, axis=0))
        toes = [cylinders[f"proximal_phalanx_{n}"].centres[0] for n in (ray, ray + 1)]
        chains[f"plantar_digital_{ray}"] = _chain([*points, np.mean(toes, axis=0)], radius)
    return chains


def _within(belly: Cylinder) -> Iterator[Array]:
    """Follow a belly's centre line from where its tendon begins."""
    yield from belly.centres[_station(belly, _FROM) :: 2]


def _station(belly: Cylinder, fraction: float) -> int:
    return int(fraction * len(belly.centres))


def _half(cylinder: Cylinder, station: int, axis: int) -> Array:
    """Give half of a cylinder's width along one axis, as a vector."""
    in_slice = [a for a in range(3) if a != cylinder.axis]
    half = np.zeros(3)
    position = in_slice.index(axis)
    half[axis] = np.sqrt(cylinder.sections[station, position, position])
    return half


def _beside(cylinder: Cylinder, station: int, side: tuple[float, float], gap: float) -> Array:
    """Give a point at a gap from a bone's surface, to a side (lateral, dorsal)."""
    towards = np.array((side[0], 0.0, side[1]))
    semi_axes = _half(cylinder, station, LATERAL) + _half(cylinder, station, DORSAL)
    place: Array = (
        cylinder.centres[station]
        + towards * semi_axes
        + gap * towards / np.linalg.norm(towards)
    )
    return place


def _chain(points: list[Array], radius: float) -> CapsuleChain:
    return CapsuleChain(np.array(points), np.full(len(points), radius))
