"""Every structure of the reference foot, by name: what it is, and where."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES
from pipeline.phantom.anatomy.capsules import Cord, cord_through, path, slip
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, Tube, reference_tubes

BELLIES: Mapping[str, int] = MappingProxyType(
    {
        "abductor_hallucis": 1,
        "flexor_digitorum_brevis": 2,
        "abductor_digiti_minimi": 3,
        "quadratus_plantae": 4,
        **{f"lumbrical_{n}": 5 for n in (1, 2, 3, 4)},
        "flexor_hallucis_brevis_medial": 6,
        "flexor_hallucis_brevis_lateral": 6,
        "adductor_hallucis_oblique": 7,
        "adductor_hallucis_transverse": 8,
        "flexor_digiti_minimi_brevis": 9,
        "opponens_digiti_minimi": 9,
        **{f"plantar_interosseous_{n}": 10 for n in (1, 2, 3)},
        **{f"dorsal_interosseous_{n}": 10 for n in (1, 2, 3, 4)},
        "extensor_digitorum_brevis": 11,
        "extensor_hallucis_brevis": 12,
    }
)
"""Muscle bellies and their labels."""

BONES: Mapping[str, int] = MappingProxyType(
    {
        **{name.replace(" ", "_"): label for label, name in BONE_NAMES.items() if label < 13},
        "hallux_sesamoids": 16,
        **{f"proximal_phalanx_{n}": 13 for n in (1, 2, 3, 4, 5)},
        **{f"middle_phalanx_{n}": 13 for n in (2, 3, 4, 5)},
        **{f"distal_phalanx_{n}": 13 for n in (1, 2, 3, 4, 5)},
        "tibia": 14,
        "fibula": 15,
    }
)
"""Bones and their labels."""

LIGAMENTS = ("calcaneal_tendon", "long_plantar_ligament")
"""Flat or thick bands, kept as ellipses."""

LEG_BELLIES = ("deep_posterior_belly", "fibular_belly")
"""Extrinsic muscle above the ankle; flesh, but no label."""

_SINGLE_TENDONS = (
    "tibialis_anterior",
    "extensor_hallucis_longus",
    "fibularis_tertius",
    "fibularis_longus",
    "fibularis_brevis",
    "tibialis_posterior",
    "flexor_hallucis_longus",
)
# Where the common tendon of the four lesser toes becomes four slips, by stations kept.
_SPLIT_TENDONS = {"flexor_digitorum_longus": 5, "extensor_digitorum_longus": 5}
_TENDON_RADIUS = 0.013  # at most, bone lengths: 3 mm
_SLIP_RADIUS = 0.0055

# Sharpened or flattened profile of cross-section along a belly, as a power of the table's:
# its bellies are thickened evenly, so those that lie free under the calcaneus came out too
# thick there (largest sections: Swanson 2022).
_PROFILE_POWER = {
    "abductor_hallucis": 0.8,
    "abductor_digiti_minimi": 0.4,
    "flexor_hallucis_brevis_medial": 0.25,
    "flexor_hallucis_brevis_lateral": 0.25,
    "quadratus_plantae": 0.8,
}


@cache
def bellies_and_bones() -> Mapping[str, Tube]:
    """Everything that is an ellipse at each station; unit: bone length of the foot."""
    table = reference_tubes()
    tubes = {name: table[name] for name in (*BELLIES, *BONES, *LIGAMENTS)}
    for name, power in _PROFILE_POWER.items():
        tubes[name] = _with_profile(tubes[name], power)
    tubes["deep_posterior_belly"] = _leg_belly((0.015, 0.125), (0.045, 0.075))
    tubes["fibular_belly"] = _leg_belly((0.100, 0.150), (0.022, 0.024))
    return MappingProxyType(tubes)


def _with_profile(tube: Tube, power: float) -> Tube:
    areas = np.sqrt(np.linalg.det(tube.sections))
    wanted = areas**power
    wanted *= areas.sum() / wanted.sum()
    return Tube(tube.axis, tube.centres, tube.sections * (wanted / areas)[:, None, None])


def _leg_belly(middle: tuple[float, float], half: tuple[float, float]) -> Tube:
    """Make an upright belly at (lateral, long), half as wide as (long, lateral) say."""
    heights = np.array((0.36, 0.42, 0.48, 0.54))
    growth = np.array((0.45, 0.8, 1.0, 1.0))
    centres = np.column_stack((np.full((4, 2), middle), heights))
    sections = np.square(growth)[:, None, None] * np.diag(np.square(half))
    return Tube(DORSAL, centres, sections)


@cache
def tendons() -> Mapping[str, Cord]:
    """Extrinsic tendons; those of the lesser toes as four slips each."""
    table = reference_tubes()
    cords = {
        name: cord_through(table[name], thickest=_TENDON_RADIUS) for name in _SINGLE_TENDONS
    }
    for name, kept in _SPLIT_TENDONS.items():
        whole = cord_through(table[name], thickest=0.016)
        cords[name] = Cord(whole.points[:kept], whole.radii[:kept])
        for ray in (2, 3, 4, 5):
            bones = [table[f"{part}_{ray}"] for part in _RAY]
            cords[f"{name}_{ray}"] = slip(
                bones,
                whole.points[kept - 1],
                is_plantar=name.startswith("flexor"),
                radius=_SLIP_RADIUS,
            )
    return MappingProxyType(cords)


_RAY = ("metatarsal", "proximal_phalanx", "middle_phalanx", "distal_phalanx")

# Courses by eye from standard anatomy: behind the medial malleolus, then medial plantar
# between abductor hallucis and flexor digitorum brevis, lateral plantar between that and
# quadratus plantae, the deep arch, and dorsalis pedis. (lateral, long, dorsal).
_MEDIAL = (
    (-0.085, 0.26, 0.10),
    (-0.060, 0.33, 0.062),
    (-0.055, 0.42, 0.052),
    (-0.050, 0.55, 0.02),
)
_LATERAL = (
    (-0.085, 0.26, 0.10),
    (-0.040, 0.29, 0.050),
    (0.045, 0.36, 0.050),
    (0.080, 0.45, 0.045),
)
_DEEP_ARCH = ((0.080, 0.45, 0.045), (0.075, 0.53, 0.075), (0.010, 0.57, 0.098))
_TIBIAL = (
    (-0.090, 0.15, 0.47),
    (-0.105, 0.19, 0.28),
    (-0.110, 0.225, 0.17),
    (-0.085, 0.26, 0.10),
)
_DORSAL = (
    (-0.010, 0.36, 0.46),
    (-0.010, 0.37, 0.31),
    (-0.035, 0.48, 0.235),
    (-0.035, 0.60, 0.185),
)


@cache
def vessels() -> Mapping[str, Cord]:
    """Arteries with their veins, each bundle as one cord."""
    return MappingProxyType(
        {
            "posterior_tibial": path(*_TIBIAL, radius=0.009),
            "medial_plantar": path(*_MEDIAL, radius=0.005),
            "lateral_plantar": path(*_LATERAL, radius=0.006),
            "deep_plantar_arch": path(*_DEEP_ARCH, radius=0.004),
            "dorsalis_pedis": path(*_DORSAL, radius=0.005),
        }
    )


@cache
def nerves() -> Mapping[str, Cord]:
    """Nerves, beside their vessels."""
    beside = np.array((0.008, -0.010, 0.0))
    return MappingProxyType(
        {
            f"{name}_nerve": Cord(cord.points + beside, cord.radii * 0.8)
            for name, cord in vessels().items()
            if name in {"posterior_tibial", "medial_plantar", "lateral_plantar"}
        }
    )
