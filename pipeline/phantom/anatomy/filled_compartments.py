"""Filled compartments: one mass of muscle, divided among thin cores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.bellies import (
    LABEL_COUNT,
    LOOSE_MM,
    bellies_of,
    distance_to_obstacles,
    distances_by_label,
    envelope_around,
    solve_offsets,
    volumes_mm3,
)
from pipeline.phantom.anatomy.capsules import CapsuleChain, named_capsules
from pipeline.phantom.anatomy.envelope import (
    SPACING_MM,
    Envelope,
    close,
    signed_distance,
    smooth,
)
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Cylinder, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES
from pipeline.phantom.anatomy.tapered_bellies import TaperedBellies

DORSAL_LABELS = (11, 12)
_POINTS = 5  # along a core
_CORE = 0.3  # thickness of a core, relative to the reference's belly
_FARTHEST_MM = 14.0  # largest distance of muscle from its core
_SEED_MM = 2.0  # growth of bellies before gaps between them are closed
_BRIDGE_MM = 9.0  # half the width of the gaps that muscle fills
_SMOOTH_MM = 1.5
_LEVELS_MM = (-5.0, 6.0)  # range of the muscle surface relative to the compartment
_NECK = (-0.01, 0.02)  # where muscle ends, bone lengths proximal to the metatarsal heads
_TAPER, _TAPER_MM = 0.06, 7.0  # length (bone lengths) and depth of the taper before its end
# Fat around the muscle mass proximal to the metatarsals increases toward the heel: distance
# of the mass from the compartment's surface, by position in bone lengths.
_SLACK_AT = (0.10, 0.16, 0.22, 0.30, 0.48, 0.56)
_SLACK_MM = (12.0, 7.0, 4.5, 3.5, 3.5, 0.0)
_ATROPHY_SEPTUM_MM = 3.0  # added to septa, times the fraction of muscle lost
_BOUNDING_BONES = ("calcaneus", "cuboid", "navicular", "cuneiform", "metatarsal")
_OFFSETS_MM = (-7.0, 4.0)  # beyond these a muscle would extend past its neighbours
_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class FilledCompartments:
    """A compartment divided into the additively weighted Voronoi cells of thin cores.

    Parameters
    ----------
    core_distances
        Distance to the nearest core on `lattice`, by label.
    offsets
        Additive weights in mm, by label.
    compartment
        Signed distance to the compartment's surface on `lattice`, mm.
    level_mm
        Muscle fills the compartment up to this signed distance.
    septum_mm
        Gap between neighbouring plantar muscles.
    dorsal
        The dorsal muscles, which lie outside the compartment.
    """

    lattice: Lattice
    envelope: Envelope
    core_distances: Field
    offsets: Array
    compartment: Field
    level_mm: float
    septum_mm: float
    dorsal: TaperedBellies

    def rasterise(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        muscles = self.dorsal.rasterise(lattice, fascia)
        inside = (self.lattice.refine(self.compartment, lattice) < self.level_mm) & (fascia < 0)
        points = np.array(lattice.points_mm(inside))
        index = (points - self.lattice.origin_mm[:, None]) / self.lattice.spacing_mm
        scores = np.stack(
            [
                ndimage.map_coordinates(d, index, order=1, mode="nearest") - np.float32(offset)
                for d, offset in zip(self.core_distances, self.offsets, strict=True)
            ]
        )
        first, second = np.partition(scores, 1, axis=0)[:2]
        is_muscle = (first < _FARTHEST_MM) & (second - first > self.septum_mm)
        muscles[inside] = np.where(is_muscle, scores.argmin(axis=0), muscles[inside])
        return muscles


def make_filled(
    structures: PosedStructures, lattice: Lattice, shape: FootShape
) -> FilledCompartments:
    """Fill the plantar compartment up to the volumes of a shape.

    Notes
    -----
    Every point of the mass belongs to the core with the smallest distance minus offset. The
    offsets determine each muscle's fraction, the level the total. The fascia encloses the
    healthy mass; atrophied muscles have fat and wider septa between them.
    """
    cores = [
        (name, capsule)
        for name, cylinder in bellies_of(structures).items()
        if BELLIES[name] not in DORSAL_LABELS
        for _, capsule in named_capsules(_cores(name, cylinder))
    ]
    bellies = distances_by_label(bellies_of(structures).items(), lattice)
    obstacles = distance_to_obstacles(structures, lattice)
    compartment = _compartment(bellies, structures, lattice, shape)
    core_distances = distances_by_label(cores, lattice, _FARTHEST_MM + _OFFSETS_MM[1])
    healthy, remaining = (
        volumes_mm3(v) for v in (shape.muscle_volumes_cm3, shape.remaining_volumes_cm3)
    )
    dorsal_distances = distances_by_label(_dorsal(structures).items(), lattice)
    offsets, level = _solve_offsets(
        core_distances, compartment, obstacles, healthy, shape.septum_mm
    )
    dorsal_offsets = solve_offsets(dorsal_distances, obstacles, None, healthy, shape.septum_mm)
    core = np.minimum(compartment - np.float32(level + LOOSE_MM), obstacles)
    dorsal_growth = (dorsal_offsets + LOOSE_MM).astype(np.float32)[:, None, None, None]
    core = np.minimum(core, (dorsal_distances - dorsal_growth).min(axis=0))
    envelope = envelope_around(core, lattice, shape)
    plantar = slice(1, DORSAL_LABELS[0])
    lost = 1 - remaining[plantar].sum() / healthy[plantar].sum()
    septum_mm = shape.septum_mm + lost * _ATROPHY_SEPTUM_MM
    compartment = np.maximum(compartment, envelope.fascia + np.float32(level))
    offsets, level = _solve_offsets(
        core_distances, compartment, obstacles, remaining, septum_mm
    )
    dorsal_offsets = solve_offsets(
        dorsal_distances, obstacles, envelope, remaining, shape.septum_mm
    )
    dorsal = TaperedBellies(_dorsal(structures), envelope, dorsal_offsets, shape.septum_mm)
    return FilledCompartments(
        lattice, envelope, core_distances, offsets, compartment, level, septum_mm, dorsal
    )


def _dorsal(structures: PosedStructures) -> dict[str, Cylinder]:
    return {n: t for n, t in bellies_of(structures).items() if BELLIES[n] in DORSAL_LABELS}


def _cores(name: str, cylinder: Cylinder) -> dict[str, CapsuleChain]:
    """Give the thin cores along a belly: one, or up to four side by side if it is broad."""
    stations = np.linspace(0, len(cylinder.centres) - 1, _POINTS).round().astype(int)
    cylinder = Cylinder(cylinder.axis, cylinder.centres[stations], cylinder.sections[stations])
    squares, axes = np.linalg.eigh(cylinder.sections)
    minor, major = np.sqrt(squares).T
    across = np.zeros_like(cylinder.centres)
    across[:, [a for a in range(3) if a != cylinder.axis]] = axes[:, :, 1]
    across *= np.sign(across @ across[len(across) // 2])[:, None]  # same sign at all stations
    lines = int(np.clip(np.rint((major / minor).mean() / 1.3), 1, 4))
    places = (2 * (np.arange(lines) + 0.5) / lines - 1) * (lines > 1)
    return {
        f"{name}/{line}": CapsuleChain(
            cylinder.centres + place * major[:, None] * across, _CORE * minor
        )
        for line, place in enumerate(places.tolist())
    }


def _compartment(
    bellies: Field, structures: PosedStructures, lattice: Lattice, shape: FootShape
) -> Field:
    """Give the signed distance to the plantar compartment: bellies, bones and closed gaps."""
    mask = bellies[1 : DORSAL_LABELS[0]].min(axis=0) < _SEED_MM
    for _, box, distance in lattice.distances(_bounding_bones(structures), 0.0):
        mask[box] |= distance < 0
    compartment = smooth(signed_distance(close(mask, _BRIDGE_MM)), _SMOOTH_MM)
    lateral, long, dorsal = lattice.planes_mm()
    length = shape.bone_length_mm
    heads = np.array(
        [structures.cylinders[f"metatarsal_{n}"].centres[-1] for n in (1, 2, 3, 4, 5)]
    )
    rng = np.random.default_rng((shape.texture_seed, 4))
    necks = np.interp(lateral, heads[:, 0], heads[:, LONG]) - rng.uniform(*_NECK) * length
    beyond = (long[None, :] - necks[:, None]) / (_TAPER * length) + 1
    compartment += (_TAPER_MM * np.clip(beyond, 0, 3) ** 3)[:, :, None]
    compartment += np.interp(long / length, _SLACK_AT, _SLACK_MM)[:, None]
    above = dorsal - _roof_mm(structures, lattice)[:, :, None]
    return np.maximum(compartment, above + _LEVELS_MM[1]).astype(np.float32)


def _bounding_bones(structures: PosedStructures) -> list[tuple[str, Cylinder]]:
    return [
        (n, t)
        for n, t in structures.cylinders.items()
        if any(part in n for part in _BOUNDING_BONES)
    ]


def _roof_mm(structures: PosedStructures, lattice: Lattice) -> Array:
    """Give the height (mm) up to which plantar muscle may lie, for each lattice column.

    It is the centre of the tarsal bones and the dorsal surface of the metatarsals.
    """
    lateral, long, _ = lattice.planes_mm()
    heights = np.full((len(lateral), len(long)), -np.inf)
    bones = _bounding_bones(structures)
    for plane, position in enumerate(long):
        here = []
        for name, bone in bones:
            knots = bone.centres[:, LONG]
            if knots[0] - bone.cap <= position <= knots[-1] + bone.cap:
                centre = [np.interp(position, knots, bone.centres[:, a]) for a in (0, 2)]
                half = np.sqrt(np.interp(position, knots, bone.sections[:, 1, 1]))
                here.append((centre[0], centre[1] + half * (0.8 if "meta" in name else 0.0)))
        if here:
            across = np.array(sorted(here))
            heights[:, plane] = np.interp(lateral, across[:, 0], across[:, 1])
    return heights


def _solve_offsets(
    core_distances: Field,
    compartment: Field,
    obstacles: Field,
    wanted_mm3: Array,
    septum_mm: float,
) -> tuple[Array, float]:
    """Solve for the offset of each label and the level up to which muscle fills."""
    plantar = slice(1, DORSAL_LABELS[0])
    wanted = wanted_mm3[plantar]
    near = (
        (obstacles > 0)
        & (compartment < _LEVELS_MM[1] + 2)
        & (core_distances[plantar].min(axis=0) < _FARTHEST_MM)
    )
    distance, depth = core_distances[plantar, near], compartment[near]
    offsets, level, soft_mm = np.zeros(len(wanted)), 0.0, SPACING_MM / 2
    for iteration in range(_STEPS):
        scores = distance - offsets[:, None].astype(np.float32)
        first, second = np.partition(scores, 1, axis=0)[:2]
        edge = np.minimum(
            (second - first - septum_mm) / 2, np.minimum(level - depth, _FARTHEST_MM - first)
        )
        fill = np.clip(edge / (2 * soft_mm) + 0.5, 0, 1)
        volume = np.bincount(scores.argmin(axis=0), fill, len(wanted)) * SPACING_MM**3
        surface = np.count_nonzero(np.abs(level - depth) < soft_mm) * SPACING_MM**3
        step = (wanted.sum() - volume.sum()) / max(surface / (2 * soft_mm), 100.0)
        level = float(np.clip(level + 0.7 * np.clip(step, -1.5, 1.5), *_LEVELS_MM))
        missing = np.log(wanted / wanted.sum()) - np.log(np.maximum(volume, 1) / volume.sum())
        # with decreasing steps, as neighbours would oscillate otherwise
        offsets += np.clip(2 * missing, -1, 1) / (1 + iteration / 8)
        offsets = np.clip(offsets - offsets.mean(), *_OFFSETS_MM)
    by_label = np.zeros(LABEL_COUNT)
    by_label[plantar] = offsets
    return by_label, level
