"""Where bellies end: their own tendons and slips, and what else runs between them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from scipy.interpolate import PchipInterpolator

from pipeline.phantom.anatomy.capsules import Cord
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, Array, Tube
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.structures import BELLIES

_STATIONS = 12  # of a belly once it is cut to length
_RADIUS = 0.0048  # of a muscle's own tendon, bone lengths: 1.1 mm
_THIN = 0.0034  # of lumbricals, interossei and the slips to the toes
_FROM = 0.55  # of a belly's length: there its tendon begins, inside it

# Where along a tube of the table flesh ends and tendon begins (fractions of its length),
# where that is not its end: no belly reaches the heads of the metatarsals.
_FLESH_ENDS: Mapping[str, float] = MappingProxyType(
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

_FLESH_BEGINS: Mapping[str, float] = MappingProxyType({"flexor_hallucis_brevis_medial": 0.2})

# Ray, and side of its proximal phalanx's base (lateral, dorsal), that a belly acts on.
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
"""Rays that one belly serves, and whether above (1) or below (-1) their bones."""


def equipped(posture: Posture, length_mm: float) -> Posture:
    """End bellies where flesh ends, and lay their tendons, slips, ligaments, digital vessels.

    Parameters
    ----------
    length_mm
        Of the foot's bones.
    """
    tubes = dict(posture.tubes)
    for name in BELLIES:
        tubes[name] = belly_part(
            tubes[name], _FLESH_BEGINS.get(name, 0.0), _FLESH_ENDS.get(name, 1.0)
        )
    tendons = dict(posture.tendons)
    tendons |= _own_tendons(tubes, length_mm) | _ligaments(tubes, length_mm)
    digital = _digital(tubes, length_mm)
    return replace(
        posture,
        tubes=MappingProxyType(tubes),
        tendons=MappingProxyType(tendons),
        vessels=MappingProxyType({**posture.vessels, **digital}),
    )


def belly_part(tube: Tube, first: float, last: float) -> Tube:
    """Cut a tube to a part of its length, given as fractions of it."""
    along = tube.centres[:, tube.axis]
    low, high = along[0] - tube.cap, along[-1] + tube.cap
    ends = low + (high - low) * np.array((first, last))
    step = (ends[1] - ends[0]) / _STATIONS
    at = ends[0] + step * (np.arange(_STATIONS) + 0.5)
    inside = np.clip(at, along[0], along[-1])
    centres = PchipInterpolator(along, tube.centres)(inside)
    centres[:, tube.axis] = at
    sections = np.array(
        [[np.interp(inside, along, tube.sections[:, i, j]) for j in (0, 1)] for i in (0, 1)]
    )
    return Tube(tube.axis, centres, sections.transpose(2, 0, 1))


def _own_tendons(tubes: Mapping[str, Tube], length_mm: float) -> dict[str, Cord]:
    cords = {}
    for name, (ray, side) in _INSERTIONS.items():
        thin = name.startswith(("lumbrical", "plantar", "dorsal"))
        radius = length_mm * (_THIN if thin else _RADIUS)
        base = _beside(tubes[f"proximal_phalanx_{ray}"], 0, side, radius)
        cords[name] = _cord([*_within(tubes[name]), base], radius)
    for name, (rays, height) in _SLIPS.items():
        # below the long flexor's slip, which is as wide as this one
        radius = length_mm * _THIN
        depth = 3.5 * radius if height < 0 else radius
        for ray in rays:
            along = [
                _beside(tubes[f"{part}_{ray}"], station, (0.0, height), depth)
                for part, station in (
                    ("metatarsal", -1),
                    ("proximal_phalanx", 0),
                    ("proximal_phalanx", -1),
                )
            ]
            belly = tubes[name]
            start = belly.centres[_station(belly, _FROM)]
            share = (rays.index(ray) + 0.5) / len(rays) * 2 - 1
            fanned = belly.centres[-1] + share * 0.7 * _half(belly, -1, LATERAL)
            cords[f"{name}_{ray}"] = _cord([start, fanned, *along], radius)
    return cords


def _ligaments(tubes: Mapping[str, Tube], length_mm: float) -> dict[str, Cord]:
    """Between and under the heads of the metatarsals, and under the tarsus."""
    thick, thin = 0.008 * length_mm, 0.005 * length_mm
    cords = {}
    for ray in (1, 2, 3, 4, 5):
        head, toe = tubes[f"metatarsal_{ray}"], tubes[f"proximal_phalanx_{ray}"]
        below = (0.0, -1.0)
        plate = [_beside(head, -1, below, thin), _beside(toe, 0, below, thin)]
        cords[f"plantar_plate_{ray}"] = _cord(plate, thin)
        if ray > 1:
            other = tubes[f"metatarsal_{ray - 1}"]
            ends = [_beside(bone, -1, (0.0, -0.7), 0.0) for bone in (other, head)]
            cords[f"deep_transverse_{ray}"] = _cord(ends, thin)
    heel, navicular, cuboid = (tubes[n] for n in ("calcaneus", "navicular", "cuboid"))
    spring = [_beside(heel, -2, (-0.9, -0.3), 0.0), _beside(navicular, 0, (-0.3, -1.0), 0.0)]
    short = [_beside(heel, -2, (0.0, -1.0), 0.0), _beside(cuboid, 1, (-0.3, -1.0), 0.0)]
    return cords | {"spring": _cord(spring, thick), "short_plantar": _cord(short, thick)}


def _digital(tubes: Mapping[str, Tube], length_mm: float) -> dict[str, Cord]:
    """Vessels and nerves to the clefts between the toes, one bundle each."""
    radius = 0.0042 * length_mm
    cords = {}
    for ray in (1, 2, 3, 4):
        first, second = (tubes[f"metatarsal_{n}"] for n in (ray, ray + 1))
        points = []
        for station in (-5, -3, -1):
            pair = [_beside(bone, station, (0.0, -1.0), 3 * radius) for bone in (first, second)]
            points.append(np.mean(pair, axis=0))
        toes = [tubes[f"proximal_phalanx_{n}"].centres[0] for n in (ray, ray + 1)]
        cords[f"plantar_digital_{ray}"] = _cord([*points, np.mean(toes, axis=0)], radius)
    return cords


def _within(belly: Tube) -> Iterator[Array]:
    """Follow a belly's middle from where its tendon begins."""
    yield from belly.centres[_station(belly, _FROM) :: 2]


def _station(belly: Tube, fraction: float) -> int:
    return int(fraction * len(belly.centres))


def _half(tube: Tube, station: int, axis: int) -> Array:
    """Half of a tube's width along one axis, as a vector."""
    in_slice = [a for a in range(3) if a != tube.axis]
    half = np.zeros(3)
    position = in_slice.index(axis)
    half[axis] = np.sqrt(tube.sections[station, position, position])
    return half


def _beside(tube: Tube, station: int, side: tuple[float, float], gap: float) -> Array:
    """Give a point on a bone's surface, lateral and dorsal as fractions, and a gap off it."""
    towards = np.array((side[0], 0.0, side[1]))
    reach = _half(tube, station, LATERAL) + _half(tube, station, DORSAL)
    place: Array = (
        tube.centres[station] + towards * reach + gap * towards / np.linalg.norm(towards)
    )
    return place


def _cord(points: list[Array], radius: float) -> Cord:
    return Cord(np.array(points), np.full(len(points), radius))
