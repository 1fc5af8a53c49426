"""Filled compartments: thin cores that share out one mass of muscle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.bellies import (
    LABELS,
    LOOSE_MM,
    TaperedBellies,
    bellies_of,
    nearest_bellies,
    nearest_hard,
    solve_offsets,
    volumes_mm3,
    wrap_core,
)
from pipeline.phantom.anatomy.capsules import Cord, pieces
from pipeline.phantom.anatomy.envelope import (
    SPACING_MM,
    Envelope,
    close,
    signed_distance,
    smooth,
)
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Array, Field, Tube
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES

DORSAL_LABELS = (11, 12)
_POINTS = 5  # along a core
_CORE = 0.3  # thickness of a core, relative to the reference's belly
_REACH_MM = 14.0  # of a core: farther off there is no muscle
_SEED_MM = 2.0  # by which bellies are swollen before hollows between them are closed
_BRIDGE_MM = 9.0  # half the width of hollows that muscle fills
_SMOOTH_MM = 1.5
_LEVELS_MM = (-5.0, 6.0)  # of the filled mass's surface about that closed one
_NECK = (-0.01, 0.02)  # bone lengths before the metatarsals' last stations: there muscle ends
_TAPER, _TAPER_MM = 0.06, 7.0  # over which, and by how much, it draws back before
# Behind the metatarsals fat is left about the mass, the more the nearer to the heel: so far
# it draws back from its compartment's surface, by position in bone lengths.
_SLACK_AT = (0.10, 0.16, 0.22, 0.30, 0.48, 0.56)
_SLACK_MM = (12.0, 7.0, 4.5, 3.5, 3.5, 0.0)
_WASTED_SEPTUM_MM = 3.0  # added to septa where all muscle is lost, in proportion
_HELD_BY = ("calcaneus", "cuboid", "navicular", "cuneiform", "metatarsal")
_LEADS_MM = (-7.0, 4.0)  # with more lead a core would reach past its neighbours
_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class FilledCompartments:
    """Thin cores with the lead that each has on the others, in one compartment.

    Parameters
    ----------
    to_core
        Distance to the nearest core on `lattice`, by label.
    leads
        In mm, by label.
    room
        Signed distance to the compartment's surface on `lattice`, mm.
    level_mm
        Up to which of these distances it is filled.
    dorsal
        Muscles on the back of the foot, which lie in no common compartment.
    """

    lattice: Lattice
    envelope: Envelope
    to_core: Field
    leads: Array
    room: Field
    level_mm: float
    septum_mm: float
    dorsal: TaperedBellies

    def grown(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice."""
        muscles = self.dorsal.grown(lattice, fascia)
        inside = (self.lattice.refine(self.room, lattice) < self.level_mm) & (fascia < 0)
        points = np.array(lattice.points_mm(inside))
        index = (points - self.lattice.first_mm[:, None]) / self.lattice.spacing_mm
        scores = np.stack(
            [
                ndimage.map_coordinates(d, index, order=1, mode="nearest") - np.float32(lead)
                for d, lead in zip(self.to_core, self.leads, strict=True)
            ]
        )
        first, second = np.partition(scores, 1, axis=0)[:2]
        is_muscle = (first < _REACH_MM) & (second - first > self.septum_mm)
        muscles[inside] = np.where(is_muscle, scores.argmin(axis=0), muscles[inside])
        return muscles


def make_filled(posture: Posture, lattice: Lattice, shape: FootShape) -> FilledCompartments:
    """Fill the sole's compartments up to the volumes asked for.

    Notes
    -----
    Every point within the mass goes to the core that is nearest once each has its lead;
    leads settle the shares, the mass's level the sum. The fascia is drawn around the
    healthy mass; a wasted one lies loose in it, with wide septa.
    """
    cores = [
        (name, capsule)
        for name, tube in bellies_of(posture).items()
        if BELLIES[name] not in DORSAL_LABELS
        for _, capsule in pieces(_cores(name, tube))
    ]
    bellies = nearest_bellies(bellies_of(posture).items(), lattice)
    hard = nearest_hard(posture, lattice)
    room = _room(bellies, posture, lattice, shape)
    to_core = nearest_bellies(cores, lattice, _REACH_MM + _LEADS_MM[1])
    healthy, left = (
        volumes_mm3(v) for v in (shape.muscle_volumes_cm3, shape.remaining_volumes_cm3)
    )
    only_dorsal = nearest_bellies(_dorsal(posture).items(), lattice)
    leads, level = _share_out(to_core, room, hard, healthy, shape.septum_mm)
    on_top = solve_offsets(only_dorsal, hard, None, healthy, shape.septum_mm)
    core = np.minimum(room - np.float32(level + LOOSE_MM), hard)
    swollen = (on_top + LOOSE_MM).astype(np.float32)[:, None, None, None]
    core = np.minimum(core, (only_dorsal - swollen).min(axis=0))
    envelope = wrap_core(core, lattice, shape)
    plantar = slice(1, DORSAL_LABELS[0])
    lost = 1 - left[plantar].sum() / healthy[plantar].sum()
    septum_mm = shape.septum_mm + lost * _WASTED_SEPTUM_MM
    room = np.maximum(room, envelope.fascia + np.float32(level))
    leads, level = _share_out(to_core, room, hard, left, septum_mm)
    on_top = solve_offsets(only_dorsal, hard, envelope, left, shape.septum_mm)
    dorsal = TaperedBellies(_dorsal(posture), envelope, on_top, shape.septum_mm)
    return FilledCompartments(lattice, envelope, to_core, leads, room, level, septum_mm, dorsal)


def _dorsal(posture: Posture) -> dict[str, Tube]:
    return {n: t for n, t in bellies_of(posture).items() if BELLIES[n] in DORSAL_LABELS}


def _cores(name: str, tube: Tube) -> dict[str, Cord]:
    """Give thin lines along a belly: one, or several side by side if it is broad."""
    stations = np.linspace(0, len(tube.centres) - 1, _POINTS).round().astype(int)
    tube = Tube(tube.axis, tube.centres[stations], tube.sections[stations])
    squares, axes = np.linalg.eigh(tube.sections)
    minor, major = np.sqrt(squares).T
    across = np.zeros_like(tube.centres)
    across[:, [a for a in range(3) if a != tube.axis]] = axes[:, :, 1]
    across *= np.sign(across @ across[len(across) // 2])[:, None]  # one way all along
    lines = int(np.clip(np.rint((major / minor).mean() / 1.3), 1, 4))
    places = (2 * (np.arange(lines) + 0.5) / lines - 1) * (lines > 1)
    return {
        f"{name}/{line}": Cord(tube.centres + place * major[:, None] * across, _CORE * minor)
        for line, place in enumerate(places.tolist())
    }


def _room(bellies: Field, posture: Posture, lattice: Lattice, shape: FootShape) -> Field:
    """Give the signed distance to the hollows between bellies and bones, closed and smooth."""
    mask = bellies[1 : DORSAL_LABELS[0]].min(axis=0) < _SEED_MM
    for _, box, distance in lattice.distances(_held_by(posture), 0.0):
        mask[box] |= distance < 0
    room = smooth(signed_distance(close(mask, _BRIDGE_MM)), _SMOOTH_MM)
    lateral, long, dorsal = lattice.planes_mm()
    length = shape.bone_length_mm
    heads = np.array([posture.tubes[f"metatarsal_{n}"].centres[-1] for n in (1, 2, 3, 4, 5)])
    rng = np.random.default_rng((shape.texture_seed, 4))
    necks = np.interp(lateral, heads[:, 0], heads[:, LONG]) - rng.uniform(*_NECK) * length
    beyond = (long[None, :] - necks[:, None]) / (_TAPER * length) + 1
    room += (_TAPER_MM * np.clip(beyond, 0, 3) ** 3)[:, :, None]
    room += np.interp(long / length, _SLACK_AT, _SLACK_MM)[:, None]
    above = dorsal - _roof(posture, lattice)[:, :, None]
    return np.maximum(room, above + _LEVELS_MM[1]).astype(np.float32)


def _held_by(posture: Posture) -> list[tuple[str, Tube]]:
    return [(n, t) for n, t in posture.tubes.items() if any(part in n for part in _HELD_BY)]


def _roof(posture: Posture, lattice: Lattice) -> Array:
    """Give the height (mm) over each column up to which plantar muscle may lie.

    The middle of the tarsal bones, and the backs of the metatarsals.
    """
    lateral, long, _ = lattice.planes_mm()
    heights = np.full((len(lateral), len(long)), -np.inf)
    bones = _held_by(posture)
    for plane, position in enumerate(long):
        here = []
        for name, bone in bones:
            knots = bone.centres[:, LONG]
            if knots[0] - bone.cap <= position <= knots[-1] + bone.cap:
                middle = [np.interp(position, knots, bone.centres[:, a]) for a in (0, 2)]
                half = np.sqrt(np.interp(position, knots, bone.sections[:, 1, 1]))
                here.append((middle[0], middle[1] + half * (0.8 if "meta" in name else 0.0)))
        if here:
            across = np.array(sorted(here))
            heights[:, plane] = np.interp(lateral, across[:, 0], across[:, 1])
    return heights


def _share_out(
    to_core: Field, room: Field, hard: Field, wanted_mm3: Array, septum_mm: float
) -> tuple[Array, float]:
    """Find each core's lead and the level up to which the compartment is filled."""
    plantar = slice(1, DORSAL_LABELS[0])
    wanted = wanted_mm3[plantar]
    near = (hard > 0) & (room < _LEVELS_MM[1] + 2) & (to_core[plantar].min(axis=0) < _REACH_MM)
    distance, depth = to_core[plantar, near], room[near]
    leads, level, soft_mm = np.zeros(len(wanted)), 0.0, SPACING_MM / 2
    for turn in range(_STEPS):
        scores = distance - leads[:, None].astype(np.float32)
        first, second = np.partition(scores, 1, axis=0)[:2]
        edge = np.minimum(
            (second - first - septum_mm) / 2, np.minimum(level - depth, _REACH_MM - first)
        )
        fill = np.clip(edge / (2 * soft_mm) + 0.5, 0, 1)
        volume = np.bincount(scores.argmin(axis=0), fill, len(wanted)) * SPACING_MM**3
        surface = np.count_nonzero(np.abs(level - depth) < soft_mm) * SPACING_MM**3
        step = (wanted.sum() - volume.sum()) / max(surface / (2 * soft_mm), 100.0)
        level = float(np.clip(level + 0.7 * np.clip(step, -1.5, 1.5), *_LEVELS_MM))
        missing = np.log(wanted / wanted.sum()) - np.log(np.maximum(volume, 1) / volume.sum())
        # less and less, or neighbours would take turns
        leads += np.clip(2 * missing, -1, 1) / (1 + turn / 8)
        leads = np.clip(leads - leads.mean(), *_LEADS_MM)
    every = np.zeros(LABELS)
    every[plantar] = leads
    return every, level
