"""Joint angles and individual bone shapes of one foot."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial.transform import Rotation

from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.generalised_cylinders import (
    DORSAL,
    LATERAL,
    LONG,
    Array,
    Cylinder,
    Field,
)

RAYS = (1, 2, 3, 4, 5)
Cylinders = dict[str, Cylinder]
_NO_RAYS = (0.0, 0.0, 0.0, 0.0, 0.0)

# Subtalar axis: 42 degrees up, 16 degrees medial (Inman's averages, quoted from memory).
_SUBTALAR_AXIS = np.array((-0.20, 0.71, 0.67))
_TALUS_FRACTION = 0.6  # of the leg's rotation; the rest is in the ankle, by judgement
_CHOPART_HEIGHT = 0.6  # of the navicular's

# SDs of a bone's individual variation at `bone_change` 1, chosen so that bone centroids have
# the same residual from an affine fit to the mean foot as those of people (docs/phantom.md).
_STRETCH = 0.06
_TURN_DEG = 3.0
_SHIFT_MM = 1.3
_SWELLING_MM = 0.8
_WAVE_MM = (18.0, 40.0)
_SWAY_MM = 2.0  # common to neighbouring bones: proportions of tarsus, rays and arches
_SWAY_WAVE_MM = (70.0, 140.0)
_WAVES = 6
_SMALL = 0.5  # factor on the variation of phalanges, sesamoids and leg


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joint angles and individual bone shapes, in addition to `FootShape`.

    Parameters
    ----------
    inversion_deg
        Of the foot relative to talus and leg, about the subtalar axis; negative: eversion.
    midfoot_lift_deg, midfoot_twist_deg, midfoot_turn_deg
        At the midtarsal joint: up, as in inversion, and toward the little toe.
    ray_lift_deg, ray_turn_deg
        Of each metatarsal at its base: up, and toward the little toe.
    toe_lift_deg, toe_curl_deg
        Of each toe: up at the metatarsal head, and down at its interphalangeal joints.
    bone_change
        Amount of individual variation of each bone's size, position and outline; 0 for none.
    bone_seed
        Seed of this variation.

    Raises
    ------
    ConfigError
        If a number is outside the range for which a foot can be made.
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


NEUTRAL = Skeleton()
"""All joints in neutral position, and bones as in the undeformed foot."""


def draw_skeleton(rng: np.random.Generator) -> Skeleton:
    """Draw joint angles of an unloaded foot in a coil, and individual bone shapes, at random.

    Notes
    -----
    Inversion is up to 25 degrees, as a relaxed foot inverts when it plantarflexes; the other
    spreads are judgement.
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
    """Draw the splay of the metatarsals relative to the second, degrees."""
    fan: Array = rng.normal(0, 1.0) * np.array((-1.0, 0.0, 0.7, 1.4, 2.2))
    return fan


@dataclass(frozen=True, slots=True, eq=False)
class BoneTransform:
    """The transform of one bone: smooth deformation, then an affine transform.

    Parameters
    ----------
    matrix
        4 x 4, undeformed foot to posed foot, mm.
    waves
        Direction (mm), wave vector (per mm) and phase of the sinusoidal displacements that
        are applied first; shape (n, 7).
    """

    matrix: Array
    waves: Array

    def displacement(self, planes_mm: tuple[Array, Array, Array]) -> Field:
        """Give the displacement of the lattice points, shape (3, *lattice)."""
        points = np.stack(
            np.meshgrid(*(p.astype(np.float32) for p in planes_mm), indexing="ij")
        )
        displaced = points.copy()
        for *direction, k0, k1, k2, phase in self.waves.astype(np.float32):
            swing = np.sin(k0 * points[0] + k1 * points[1] + k2 * points[2] + phase)
            for axis in range(3):
                displaced[axis] += direction[axis] * swing
        displaced_points: Field = np.einsum(
            "ij,j...->i...", self.matrix[:3, :3].astype(np.float32), displaced
        )
        displaced_points += self.matrix[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
        return displaced_points - points


def bone_transforms(skeleton: Skeleton, bones: Cylinders) -> dict[str, BoneTransform]:
    """Give the transform of every bone.

    Parameters
    ----------
    bones
        Of the undeformed foot, by name, mm.
    """
    rng = np.random.default_rng(skeleton.bone_seed)
    sway = _draw_waves(rng, _SWAY_MM * skeleton.bone_change, _SWAY_WAVE_MM)
    transforms = {}
    for name, pose in _poses(skeleton, bones).items():
        scale = skeleton.bone_change * (1.0 if _is_large(name) else _SMALL)
        centroid = bones[name].centres.mean(axis=0)
        own = np.eye(4)
        turn = Rotation.from_rotvec(rng.normal(0, _TURN_DEG * scale, 3), degrees=True)
        own[:3, :3] = turn.as_matrix() @ np.diag(np.exp(rng.normal(0, _STRETCH * scale, 3)))
        own[:3, 3] = centroid - own[:3, :3] @ centroid + rng.normal(0, _SHIFT_MM * scale, 3)
        swelling = _draw_waves(rng, _SWELLING_MM * scale, _WAVE_MM)
        transforms[name] = BoneTransform(pose @ own, np.vstack((sway, swelling)))
    return transforms


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


def _poses(skeleton: Skeleton, bones: Cylinders) -> dict[str, Array]:
    """Give the rigid transform of each bone relative to the calcaneus."""
    talus = bones["talus"].centres.mean(axis=0)
    navicular = bones["navicular"].centres[0] * (1.0, 1.0, _CHOPART_HEIGHT)
    leg, below = (
        _about(talus, -np.deg2rad(skeleton.inversion_deg) * fraction * _SUBTALAR_AXIS)
        for fraction in (1.0, _TALUS_FRACTION)
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


def _ray_poses(
    ray: int, parent: Array, skeleton: Skeleton, bones: Cylinders
) -> dict[str, Array]:
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
    """Give the rotation vector (radians) of a rotation up, lateral, and as in inversion."""
    vector = np.zeros(3)
    vector[[LATERAL, DORSAL, LONG]] = lift_deg, -turn_deg, twist_deg
    return np.deg2rad(vector)


def _about(point: Array, rotation_vector: Array) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(rotation_vector).as_matrix()
    matrix[:3, 3] = point - matrix[:3, :3] @ point
    return matrix
