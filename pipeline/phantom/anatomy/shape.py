"""The shape of one foot: proportions, joint angles and muscle volumes, drawn at random."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.immutable import reduce_to_constructor
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.skeleton import NEUTRAL, Skeleton

# Kura et al. 1997 (PCSA x fibre length), times 1.35 to reach the 113.3 cm3 of contractile
# plantar volume that Chang et al. 2012 measured in living feet. Abductors and short hallux
# flexor are 10 % smaller: with the full volume over Kura's lengths their largest
# cross-sections exceed those of Swanson 2022. By label, cm3.
MEAN_VOLUMES_CM3: Mapping[int, float] = MappingProxyType(
    {
        1: 19.8,
        2: 15.1,
        3: 10.6,
        4: 10.5,
        5: 2.9,
        6: 7.5,
        7: 12.4,
        8: 1.6,
        9: 4.8,
        10: 24.1,
        11: 6.2,
        12: 5.0,
    }
)
MEAN_BONE_LENGTH_MM = 232.0
BONE_LENGTHS_MM = (212.0, 278.0)  # feet of 210 to 300 mm, including skin
_VOLUME_CV = 0.25  # between subjects 20 to 30 % (Andersen 2004, Swanson 2022)
_CORRELATION = 0.6  # between the muscles of a foot, by judgement
_LENGTH_POWER = 1.25  # foot length explains only 9 to 15 % of muscle size (Miller 2014)
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "bone_length_mm": (120.0, 340.0),
        "width": (0.7, 1.4),
        "height": (0.7, 1.4),
        "arch": (-0.05, 0.05),
        "adduction": (-0.1, 0.1),
        "toe_length": (0.5, 1.5),
        "hallux_valgus_deg": (0.0, 45.0),
        "toe_splay_deg": (-5.0, 10.0),
        "plantarflexion_deg": (-15.0, 55.0),
        "pad_scale": (0.3, 2.0),
        "skin_scale": (0.4, 3.0),
        "septum_mm": (0.0, 3.0),
        "cortex_mm": (0.3, 3.0),
        "fascia_thickening_mm": (0.0, 6.0),
        "oedema_mm": (0.0, 8.0),
        "deep_fascia_mm": (0.0, 2.0),
        "pad_septa_mm": (0.0, 2.0),
    }
)


@dataclass(frozen=True, slots=True)
class FootShape:
    """Proportions, joint angles, tissue thicknesses and muscle volumes of one foot.

    Parameters
    ----------
    bone_length_mm
        Calcaneus to the farthest phalanx.
    muscle_volumes_cm3
        Target volumes of the healthy bellies, by label; compartments are made for these.
        The volumes reached depend on the space in the foot.
    atrophy
        Fraction of a belly that is lost and replaced by fat, by label.
    fat_fractions
        Mean fat fraction inside a belly, by label.
    width, height
        Relative to the reference foot.
    arch
        Rise of the arch, in bone lengths, relative to the reference foot.
    adduction
        Displacement of the toes toward the little toe, in bone lengths.
    toe_length
        Relative to the reference foot.
    hallux_valgus_deg
        Angle of the big toe toward the others; its metatarsal turns back by a third.
    toe_splay_deg
        Angle between neighbouring toes.
    metatarsal_parabola
        Relative change of the length of the five rays beyond their bases.
    plantarflexion_deg
        At the ankle, relative to a right angle between foot and leg.
    pad_scale, skin_scale
        Relative thickness of the plantar pad and of the rest of the subcutis.
    septum_mm
        Gap between neighbouring muscles.
    cortex_mm
        Thickness of cortical bone.
    fascia_thickening_mm
        Added to the plantar aponeurosis at its calcaneal origin.
    oedema_mm
        Thickness of oedema around that origin.
    waves
        Smooth displacement of all structures: per wave a direction and wave vector (3)
        in bone lengths and a phase; shape (n, 7) as nested tuples.
    texture_seed
        Seed of the fat streaks and of all other random details within a foot.
    kind
        Model of the muscles.
    skeleton
        Joint angles and individual bone shapes.
    deep_fascia_mm
        Thickness of the deep fascia around all compartments.
    pad_septa_mm
        Thickness of the septa that divide the plantar fat into chambers.

    Raises
    ------
    ConfigError
        If a number is out of the range in which a foot can be made.
    """

    side: Side = Side.RIGHT
    bone_length_mm: float = MEAN_BONE_LENGTH_MM
    muscle_volumes_cm3: Mapping[int, float] = field(default_factory=lambda: MEAN_VOLUMES_CM3)
    atrophy: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    fat_fractions: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    width: float = 1.0
    height: float = 1.0
    arch: float = 0.0
    adduction: float = 0.0
    toe_length: float = 1.0
    hallux_valgus_deg: float = 5.0
    toe_splay_deg: float = 0.0
    metatarsal_parabola: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    plantarflexion_deg: float = 15.0
    pad_scale: float = 1.0
    skin_scale: float = 1.0
    septum_mm: float = 0.6
    cortex_mm: float = 1.3
    fascia_thickening_mm: float = 0.0
    oedema_mm: float = 0.0
    waves: tuple[tuple[float, ...], ...] = ()
    texture_seed: int = 0
    kind: FootKind = FootKind.TAPERED
    skeleton: Skeleton = NEUTRAL
    deep_fascia_mm: float = 0.0
    pad_septa_mm: float = 0.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            if entry.name in _RANGES:
                check_within(entry.name, getattr(self, entry.name), _RANGES[entry.name])
        check_within("rays in metatarsal_parabola", len(self.metatarsal_parabola), (5, 5))
        for ray, change in enumerate(self.metatarsal_parabola, start=1):
            check_within(f"metatarsal_parabola of ray {ray}", change, (-0.15, 0.15))
        most = {"muscle_volumes_cm3": 100.0, "atrophy": 1.0, "fat_fractions": 0.9}
        for name, highest in most.items():
            for label, amount in getattr(self, name).items():
                check_within(f"muscle labels of {name}", label, (1, len(MUSCLE_NAMES)))
                check_within(f"{name}[{label}]", amount, (0.0, highest))
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    __reduce__ = reduce_to_constructor

    @property
    def remaining_volumes_cm3(self) -> dict[int, float]:
        """Target volumes after atrophy, by label."""
        return {
            label: volume_cm3 * (1 - self.atrophy.get(label, 0.0))
            for label, volume_cm3 in self.muscle_volumes_cm3.items()
        }


def check_within(name: str, value: float, limits: tuple[float, float]) -> None:
    """Check that a number is within the limits for which a foot can be made.

    Raises
    ------
    ConfigError
        If the value is not a number within the limits.
    """
    low, high = limits
    if not low <= value <= high:
        msg = (
            f"A foot can be made with {name} from {low:g} to {high:g}: got {value:g}. "
            "Give a value in that range."
        )
        raise ConfigError(msg)


def draw_shape(rng: np.random.Generator, side: Side = Side.RIGHT) -> FootShape:
    """Draw one healthy foot of the population at random.

    Notes
    -----
    Muscle volumes are log-normal about `MEAN_VOLUMES_CM3`, with a CV of 25 %, and correlated
    within a foot. Spreads without a source are judgement. The range of plantarflexion is
    wide because unloaded feet in a coil plantarflex.
    """

    def normal(mean: float, sd: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(mean, sd), low, high))

    length_mm = normal(MEAN_BONE_LENGTH_MM, 16.0, *BONE_LENGTHS_MM)
    volumes = _draw_volumes(rng, length_mm)
    waves = []
    for _ in range(6):
        direction = rng.normal(0, 0.0022, 3)
        vector = rng.normal(size=3)
        vector *= 2 * np.pi / rng.uniform(0.35, 0.9) / np.linalg.norm(vector)
        waves.append((*direction.tolist(), *vector.tolist(), float(rng.uniform(0, 2 * np.pi))))
    return FootShape(
        side=side,
        bone_length_mm=length_mm,
        muscle_volumes_cm3=volumes,
        fat_fractions=MappingProxyType(
            dict.fromkeys(MUSCLE_NAMES, float(rng.uniform(0.0, 0.06)))
        ),
        width=normal(1, 0.05, 0.87, 1.13),
        height=normal(1, 0.05, 0.87, 1.13),
        arch=normal(0, 0.010, -0.025, 0.025),
        adduction=normal(0, 0.015, -0.03, 0.03),
        toe_length=normal(1, 0.06, 0.85, 1.15),
        hallux_valgus_deg=min(35.0, float(rng.gamma(2.0, 5.0))),
        toe_splay_deg=normal(0.5, 1.0, -1.5, 4.0),
        metatarsal_parabola=tuple(rng.normal(0, 0.02, 5).clip(-0.05, 0.05).tolist()),
        plantarflexion_deg=float(rng.uniform(0.0, 45.0)),
        pad_scale=float(rng.uniform(0.8, 1.2)),
        skin_scale=float(rng.uniform(0.7, 1.4)),
        septum_mm=float(rng.uniform(0.3, 1.0)),
        cortex_mm=float(rng.uniform(1.0, 1.7)),
        waves=tuple(waves),
        texture_seed=int(rng.integers(2**31)),
    )


def _draw_volumes(rng: np.random.Generator, length_mm: float) -> Mapping[int, float]:
    shared = rng.normal()
    own = rng.normal(size=len(MUSCLE_NAMES))
    sigma = np.sqrt(np.log1p(_VOLUME_CV**2))
    mixed = np.sqrt(_CORRELATION) * shared + np.sqrt(1 - _CORRELATION) * own
    exponents = sigma * mixed - sigma**2 / 2
    body = (length_mm / MEAN_BONE_LENGTH_MM) ** _LENGTH_POWER
    return MappingProxyType(
        {
            label: float(mean * body * np.exp(e))
            for (label, mean), e in zip(MEAN_VOLUMES_CM3.items(), exponents, strict=True)
        }
    )
