"""The structures of the reference foot, by name."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES
from pipeline.phantom.anatomy.capsules import CapsuleChain, chain_along, path, slip
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, Cylinder, reference_cylinders

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
"""Muscle label of each belly."""

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
"""Bone label of each bone."""

LIGAMENTS = ("calcaneal_tendon", "long_plantar_ligament")
"""Ligaments and tendons with elliptic cross-sections."""

LEG_BELLIES = ("deep_posterior_belly", "fibular_belly")
"""Extrinsic muscles above the ankle: muscle tissue without a label."""

_SINGLE_TENDONS = (
    "tibialis_anterior",
    "extensor_hallucis_longus",
    "fibularis_tertius",
    "fibularis_longus",
    "fibularis_brevis",
    "tibialis_posterior",
    "flexor_hallucis_longus",
)
# Common tendons of the lesser toes: number of stations before they divide into four slips.
_SPLIT_TENDONS = {"flexor_digitorum_longus": 5, "extensor_digitorum_longus": 5}
_TENDON_RADIUS = 0.013  # largest, in bone lengths: 3 mm
_SLIP_RADIUS = 0.0055

# Profile of cross-sectional area along a belly, as a power of the table's. Bellies are
# thickened evenly, which makes those under the calcaneus too thick there without it
# (largest cross-sections: Swanson 2022).
_PROFILE_POWER = {
    "abductor_hallucis": 0.8,
    "abductor_digiti_minimi": 0.4,
    "flexor_hallucis_brevis_medial": 0.25,
    "flexor_hallucis_brevis_lateral": 0.25,
    "quadratus_plantae": 0.8,
}


@cache
def bellies_and_bones() -> Mapping[str, Cylinder]:
    """Give the structures with elliptic cross-sections, in bone lengths."""
    table = reference_cylinders()
    cylinders = {name: table[name] for name in (*BELLIES, *BONES, *LIGAMENTS)}
    for name, power in _PROFILE_POWER.items():
        cylinders[name] = _with_profile(cylinders[name], power)
    cylinders["deep_posterior_belly"] = _leg_belly((0.015, 0.125), (0.045, 0.075))
    cylinders["fibular_belly"] = _leg_belly((0.100, 0.150), (0.022, 0.024))
    return MappingProxyType(cylinders)


def _with_profile(cylinder: Cylinder, power: float) -> Cylinder:
    areas = np.sqrt(np.linalg.det(cylinder.sections))
    wanted = areas**power
    wanted *= areas.sum() / wanted.sum()
    return Cylinder(
        cylinder.axis, cylinder.centres, cylinder.sections * (wanted / areas)[:, None, None]
    )


def _leg_belly(centre: tuple[float, float], half: tuple[float, float]) -> Cylinder:
    """Make a vertical belly at (lateral, long) with semi-axes (long, lateral)."""
    heights = np.array((0.36, 0.42, 0.48, 0.54))
    growth = np.array((0.45, 0.8, 1.0, 1.0))
    centres = np.column_stack((np.full((4, 2), centre), heights))
    sections = np.square(growth)[:, None, None] * np.diag(np.square(half))
    return Cylinder(DORSAL, centres, sections)


@cache
def tendons() -> Mapping[str, CapsuleChain]:
    """Give the extrinsic tendons; those of the lesser toes with four slips each."""
    table = reference_cylinders()
    chains = {
        name: chain_along(table[name], thickest=_TENDON_RADIUS) for name in _SINGLE_TENDONS
    }
    for name, kept in _SPLIT_TENDONS.items():
        common = chain_along(table[name], thickest=0.016)
        chains[name] = CapsuleChain(common.points[:kept], common.radii[:kept])
        for ray in (2, 3, 4, 5):
            bones = [table[f"{part}_{ray}"] for part in _RAY]
            chains[f"{name}_{ray}"] = slip(
                bones,
                common.points[kept - 1],
                is_plantar=name.startswith("flexor"),
                radius=_SLIP_RADIUS,
            )
    return MappingProxyType(chains)


_RAY = ("metatarsal", "proximal_phalanx", "middle_phalanx", "distal_phalanx")

# Courses estimated from standard anatomy (lateral, long, dorsal): behind the medial
# malleolus; medial plantar between abductor hallucis and flexor digitorum brevis; lateral
# plantar between the latter and quadratus plantae; the deep arch; and dorsalis pedis.
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
def vessels() -> Mapping[str, CapsuleChain]:
    """Give the arteries, each as one bundle with its veins."""
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
def nerves() -> Mapping[str, CapsuleChain]:
    """Give the nerves, which run beside their vessels."""
    beside = np.array((0.008, -0.010, 0.0))
    return MappingProxyType(
        {
            f"{name}_nerve": CapsuleChain(chain.points + beside, chain.radii * 0.8)
            for name, chain in vessels().items()
            if name in {"posterior_tibial", "medial_plantar", "lateral_plantar"}
        }
    )
