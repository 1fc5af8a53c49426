"""How the bones of one foot are posed and shaped, each on its own."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial.transform import Rotation

from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.generalised_cylinders import (
    DORSAL,
    LATERAL,
    LONG,
    Array,
    Field,
    Tube,
)

RAYS = (1, 2, 3, 4, 5)
Tubes = dict[str, Tube]
_NO_RAYS = (0.0, 0.0, 0.0, 0.0, 0.0)

# Axis about which the foot turns under the talus: 42 degrees up, 16 degrees inward
# (Inman's averages, quoted from memory).
_SUBTALAR_AXIS = np.array((-0.20, 0.71, 0.67))
_TALUS_SHARE = 0.6  # of the leg's turn; the rest is taken up in the ankle, by judgement
_CHOPART_HEIGHT = 0.6  # of the navicular's

# A bone's own change, SD at `bone_change` 1; chosen so that centres of bones lie as far from
# an affine fit of the mean foot as other people's do (docs/phantom.md).
_STRETCH = 0.06
_TURN_DEG = 3.0
_SHIFT_MM = 1.3
_SWELLING_MM = 0.8
_WAVE_MM = (18.0, 40.0)
_SWAY_MM = 2.0  # of neighbouring bones together: proportions of tarsus, rays and arches
_SWAY_WAVE_MM = (70.0, 140.0)
_WAVES = 6
_SMALL = 0.5  # of that, in phalanges, sesamoids and the cut leg


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joint angles and the bones' own shapes, beyond the proportions of `FootShape`.

    Parameters
    ----------
    inversion_deg
        Of the foot under talus and leg, about the subtalar axis; negative: eversion.
    midfoot_lift_deg, midfoot_twist_deg, midfoot_turn_deg
        Of all that lies beyond the midtarsal joint: up, as in inversion, and toward the
        little toe.
    ray_lift_deg, ray_turn_deg
        Of each metatarsal at its base: up, and toward the little toe.
    toe_lift_deg, toe_curl_deg
        Of each toe at the metatarsal head, up; and of its farther joints, down.
    bone_change
        How far each bone's size, place and outline are its own; 0: not at all.
    bone_seed
        Of these changes.

    Raises
    ------
    ConfigError
        If an angle or the change is out of the range in which a foot can be made.
    """

    inversion_deg: float = 0.0
    midfoot_lift_deg: float = 0.0
    midfoot_twist_deg: float = 0.0
    midfoot_turn_deg: float = 0.0
    ray_lift_deg: tuple[float, ...] = _NO_RAYS
    ray_turn_deg: tuple[float, ...] = _NO_RAYS
    toe_lift_deg: tuple[float, ...] = _NO_RAYS
    toe_curl_deg: tuple[float, ...] = _NO_RAYS
    bone_change: float = 0.0
    bone_seed: int = 0

    def __post_init__(self) -> None:
        for entry in fields(self):
            values = np.atleast_1d(getattr(self, entry.name))
            low, high, count = _LIMITS.get(entry.name, (0.0, np.inf, 1))
            if len(values) != count or not ((values >= low) & (values <= high)).all():
                msg = (
                    f"A skeleton needs {count} value(s) of {entry.name} from {low:g} to "
                    f"{high:g}: got {values.tolist()}. Give values in that range."
                )
                raise ConfigError(msg)


_LIMITS = {
    "inversion_deg": (-25.0, 30.0, 1),
    "midfoot_lift_deg": (-15.0, 15.0, 1),
    "midfoot_twist_deg": (-20.0, 20.0, 1),
    "midfoot_turn_deg": (-15.0, 15.0, 1),
    "ray_lift_deg": (-12.0, 12.0, 5),
    "ray_turn_deg": (-10.0, 10.0, 5),
    "toe_lift_deg": (-30.0, 50.0, 5),
    "toe_curl_deg": (-10.0, 60.0, 5),
    "bone_change": (0.0, 2.0, 1),
}


STRAIGHT = Skeleton()
"""No joint turned and no bone changed beyond the proportions of `FootShape`."""


def draw_skeleton(rng: np.random.Generator) -> Skeleton:
    """Draw joints as feet in a coil may hold them, and bones of their own shapes.

    Notes
    -----
    Inversion to 25 degrees (a relaxed foot inverts as it plantarflexes); the other spreads
    are judgement.
    """

    def normal(sd: float, limit: float) -> float:
        return float(np.clip(rng.normal(0, sd), -limit, limit))

    lift, curl = rng.uniform(-8, 25), rng.uniform(0, 25)
    return Skeleton(
        inversion_deg=float(rng.uniform(-8, 25)),
        midfoot_lift_deg=normal(4, 10),
        midfoot_twist_deg=normal(5, 12),
        midfoot_turn_deg=normal(4, 10),
        ray_lift_deg=tuple(rng.normal(0, 1.5, 5).clip(-4, 4).tolist()),
        ray_turn_deg=tuple((rng.normal(0, 1.0, 5) + _fan(rng)).clip(-6, 6).tolist()),
        toe_lift_deg=tuple((lift + rng.normal(0, 3, 5)).clip(-25, 40).tolist()),
        toe_curl_deg=tuple((curl + rng.normal(0, 3, 5)).clip(-5, 40).tolist()),
        bone_change=float(rng.uniform(0.7, 1.4)),
        bone_seed=int(rng.integers(2**31)),
    )


def _fan(rng: np.random.Generator) -> Array:
    """Splay of the metatarsals, degrees, about the second."""
    fan: Array = rng.normal(0, 1.0) * np.array((-1.0, 0.0, 0.7, 1.4, 2.2))
    return fan


@dataclass(frozen=True, slots=True, eq=False)
class BoneMove:
    """Where one bone goes.

    Parameters
    ----------
    matrix
        4 x 4, straight foot to posed foot, mm.
    waves
        Shape (n, 7): direction (mm), wave vector (per mm) and phase of what its outline
        swells, shrinks and sways by, before it is posed.
    """

    matrix: Array
    waves: Array

    def displacement(self, planes_mm: tuple[Array, Array, Array]) -> Field:
        """How far the crossings of lattice planes are moved, shape (3, *lattice)."""
        points = np.stack(
            np.meshgrid(*(p.astype(np.float32) for p in planes_mm), indexing="ij")
        )
        swollen = points.copy()
        for *direction, k0, k1, k2, phase in self.waves.astype(np.float32):
            swing = np.sin(k0 * points[0] + k1 * points[1] + k2 * points[2] + phase)
            for axis in range(3):
                swollen[axis] += direction[axis] * swing
        moved: Field = np.einsum(
            "ij,j...->i...", self.matrix[:3, :3].astype(np.float32), swollen
        )
        moved += self.matrix[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
        return moved - points


def bone_moves(skeleton: Skeleton, bones: Tubes) -> dict[str, BoneMove]:
    """Tell where every bone goes.

    Parameters
    ----------
    bones
        Of the straight foot, by name, mm.
    """
    rng = np.random.default_rng(skeleton.bone_seed)
    sway = _draw_waves(rng, _SWAY_MM * skeleton.bone_change, _SWAY_WAVE_MM)
    moves = {}
    for name, pose in _poses(skeleton, bones).items():
        size = skeleton.bone_change * (1.0 if _is_large(name) else _SMALL)
        middle = bones[name].centres.mean(axis=0)
        own = np.eye(4)
        turn = Rotation.from_rotvec(rng.normal(0, _TURN_DEG * size, 3), degrees=True)
        own[:3, :3] = turn.as_matrix() @ np.diag(np.exp(rng.normal(0, _STRETCH * size, 3)))
        own[:3, 3] = middle - own[:3, :3] @ middle + rng.normal(0, _SHIFT_MM * size, 3)
        swelling = _draw_waves(rng, _SWELLING_MM * size, _WAVE_MM)
        moves[name] = BoneMove(pose @ own, np.vstack((sway, swelling)))
    return moves


def _is_large(name: str) -> bool:
    return not any(part in name for part in ("phalanx", "sesamoid", "tibia", "fibula"))


def _draw_waves(
    rng: np.random.Generator, sd_mm: float, lengths_mm: tuple[float, float]
) -> Array:
    directions = rng.normal(0, sd_mm * np.sqrt(2 / _WAVES), (_WAVES, 3))
    vectors = rng.normal(size=(_WAVES, 3))
    lengths = rng.uniform(*lengths_mm, (_WAVES, 1))
    vectors *= 2 * np.pi / lengths / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.hstack((directions, vectors, rng.uniform(0, 2 * np.pi, (_WAVES, 1))))


def _poses(skeleton: Skeleton, bones: Tubes) -> dict[str, Array]:
    """Give the rigid move of each bone, the calcaneus staying where it is."""
    talus = bones["talus"].centres.mean(axis=0)
    navicular = bones["navicular"].centres[0] * (1.0, 1.0, _CHOPART_HEIGHT)
    leg, below = (
        _about(talus, -np.deg2rad(skeleton.inversion_deg) * share * _SUBTALAR_AXIS)
        for share in (1.0, _TALUS_SHARE)
    )
    midfoot = _about(
        navicular,
        _turn(skeleton.midfoot_lift_deg, skeleton.midfoot_turn_deg, skeleton.midfoot_twist_deg),
    )
    poses = dict.fromkeys(bones, midfoot) | {"tibia": leg, "fibula": leg, "talus": below}
    poses["calcaneus"] = np.eye(4)
    for ray in RAYS:
        poses |= _ray_poses(ray, midfoot, skeleton, bones)
    poses["hallux_sesamoids"] = poses["metatarsal_1"]
    return poses


def _ray_poses(ray: int, parent: Array, skeleton: Skeleton, bones: Tubes) -> dict[str, Array]:
    k = ray - 1
    turns = {
        "metatarsal": _turn(skeleton.ray_lift_deg[k], skeleton.ray_turn_deg[k]),
        "proximal_phalanx": _turn(skeleton.toe_lift_deg[k]),
        "middle_phalanx": _turn(-skeleton.toe_curl_deg[k]),
        "distal_phalanx": _turn(-skeleton.toe_curl_deg[k] / 2),
    }
    poses = {}
    for part, turn in turns.items():
        name = f"{part}_{ray}"
        if name in bones:  # the big toe has two phalanges
            bone = bones[name]
            parent = parent @ _about(bone.centres[0] - (0.0, bone.cap, 0.0), turn)
            poses[name] = parent
    return poses


def _turn(lift_deg: float, turn_deg: float = 0.0, twist_deg: float = 0.0) -> Array:
    """Give the rotation vector (radians) of a turn up, outward, and as in inversion."""
    vector = np.zeros(3)
    vector[[LATERAL, DORSAL, LONG]] = lift_deg, -turn_deg, twist_deg
    return np.deg2rad(vector)


def _about(point: Array, rotation_vector: Array) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(rotation_vector).as_matrix()
    matrix[:3, 3] = point - matrix[:3, :3] @ point
    return matrix
