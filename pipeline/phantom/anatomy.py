"""Shapes to voxels: labels and tissues of one digital foot."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.phantom.envelope import SPACING_MM, Envelope, make_envelope
from pipeline.phantom.foot import PHANTOM, Foot, Tissue
from pipeline.phantom.shape import FootShape
from pipeline.phantom.tubes import DORSAL, LONG, Array, Field, Lattice, Tube

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
TENDONS = (
    "calcaneal_tendon",
    "long_plantar_ligament",
    "tibialis_anterior",
    "extensor_hallucis_longus",
    "extensor_digitorum_longus",
    "fibularis_tertius",
    "fibularis_longus",
    "fibularis_brevis",
    "tibialis_posterior",
    "flexor_hallucis_longus",
    "flexor_digitorum_longus",
)
"""Extrinsic muscles below their bellies, and ligaments."""

_LEG_TOP = 0.45  # where the leg is cut, bone lengths above the calcaneus
_BELLY_ABOVE = 0.36  # above it extrinsic muscles are flesh, below it tendon
_GROWTH_MM = 9.0  # farthest that a belly may grow beyond the reference to fill its space
_HULL_GROWTH_MM = 2.5  # of the bellies, before the fascia is drawn around them
_AIR_MM = 4.0


def make_foot(shape: FootShape, spacing_mm: float = 0.5) -> Foot:
    """Build one foot in its reference pose.

    The heel stands at the origin; toes point to +A, the leg to +S, the little toe to
    +R for a right foot and to -R for a left one, which is the exact mirror image.

    Parameters
    ----------
    spacing_mm
        Of the isotropic grid.

    Notes
    -----
    Each muscle is the set of points that are nearer to it than to its neighbours, once
    every belly has grown by its own offset; offsets are solved so that volumes meet
    `shape.muscle_volumes_cm3` as far as fascia, bones and tendons leave room.
    """
    tubes = shape.tubes()
    length = shape.bone_length_mm
    coarse = _lattice(tubes, length * _LEG_TOP, SPACING_MM)
    envelope, tendon_free = _envelope(tubes, coarse, shape)
    offsets = _solve_offsets(tubes, coarse, envelope, tendon_free, shape)

    skin_box = np.argwhere(envelope.skin < SPACING_MM)
    low = coarse.first_mm + skin_box.min(axis=0) * SPACING_MM - _AIR_MM
    high = coarse.first_mm + skin_box.max(axis=0) * SPACING_MM + _AIR_MM
    high[DORSAL] = length * _LEG_TOP
    fine = Lattice.over(low, high, spacing_mm)
    fascia, skin, plantar = (
        _refine(f, coarse, fine) for f in (envelope.fascia, envelope.skin, envelope.plantar)
    )

    tissues = np.where(skin < 0, Tissue.FAT, Tissue.AIR).astype(np.uint8)
    skin_mm = 1.5 * shape.skin_scale * (1 + plantar)  # plantar skin is twice as thick
    tissues[(skin < 0) & (skin > -skin_mm)] = Tissue.SKIN
    _lay_aponeurosis(tissues, fascia, plantar, fine, tubes, length)
    muscles = _grow_bellies(tubes, fine, offsets, fascia, shape.septum_mm)
    tissues[muscles > 0] = Tissue.MUSCLE
    _lay_tendons(tissues, muscles, tubes, fine, length)
    bones = _lay_bones(tissues, muscles, tubes, fine, shape.cortex_mm)
    bones[skin >= 0] = 0
    muscles[skin >= 0] = 0
    tissues[skin >= 0] = Tissue.AIR

    grid = _grid(fine, shape.side)
    truth = Segmentation(
        LabelMap(muscles, grid, MUSCLE_NAMES),
        LabelMap(bones, grid, BONE_NAMES),
        shape.side,
        PHANTOM,
    )
    return Foot(tissues, truth)


def _lattice(tubes: Mapping[str, Tube], top_mm: float, spacing_mm: float) -> Lattice:
    reach = np.array([tubes[n].reach for n in (*BELLIES, *BONES, "calcaneal_tendon")])
    low, high = reach[:, 0].min(axis=0) - 26.0, reach[:, 1].max(axis=0) + 16.0
    high[DORSAL] = top_mm + 12.0
    return Lattice.over(low, high, spacing_mm)


def _grid(lattice: Lattice, side: Side) -> Grid:
    mirror = 1.0 if side is Side.RIGHT else -1.0
    affine = np.diag((lattice.spacing_mm * mirror, lattice.spacing_mm, lattice.spacing_mm, 1.0))
    affine[:3, 3] = lattice.first_mm * (mirror, 1.0, 1.0)
    return Grid.from_arrays(lattice.shape, affine)


def _refine(field: Field, coarse: Lattice, fine: Lattice) -> Field:
    start = (fine.first_mm - coarse.first_mm) / coarse.spacing_mm
    step = fine.spacing_mm / coarse.spacing_mm
    refined: Field = ndimage.affine_transform(
        field, np.full(3, step), start, fine.shape, order=1, mode="nearest"
    )
    return refined


def _envelope(
    tubes: Mapping[str, Tube], lattice: Lattice, shape: FootShape
) -> tuple[Envelope, NDArray[np.bool_]]:
    """Wrap the deep structures; also tell where neither bone nor tendon is."""
    core = np.zeros(lattice.shape, dtype=bool)
    for _, box, distance in lattice.distances(tubes, tuple(BELLIES), _HULL_GROWTH_MM):
        core[box] |= distance < _HULL_GROWTH_MM
    hard = np.zeros(lattice.shape, dtype=bool)
    for _, box, distance in lattice.distances(tubes, (*BONES, *TENDONS), 1.0):
        hard[box] |= distance < 0
    for _, box, distance in lattice.distances(tubes, ("soleus",), 1.0):
        core[box] |= distance < 0
    long = lattice.planes_mm()[LONG] / shape.bone_length_mm
    envelope = make_envelope(
        core | hard, long, pad_scale=shape.pad_scale, skin_scale=shape.skin_scale
    )
    return envelope, ~hard


def _solve_offsets(
    tubes: Mapping[str, Tube],
    lattice: Lattice,
    envelope: Envelope,
    is_free: NDArray[np.bool_],
    shape: FootShape,
) -> Array:
    """Find by how much each muscle must grow (mm, by label) to reach its volume."""
    room = is_free & (envelope.fascia < 0)
    compact = np.full(lattice.shape, -1, dtype=np.int32)
    compact[room] = np.arange(np.count_nonzero(room))
    far = np.float32(1e3)
    nearest = np.full((13, np.count_nonzero(room)), far)
    for name, box, distance in lattice.distances(tubes, tuple(BELLIES), _GROWTH_MM + 2):
        inside = room[box]
        row = nearest[BELLIES[name]]
        where = compact[box][inside]
        row[where] = np.minimum(row[where], distance[inside])
    wanted = np.array([shape.muscle_volumes_cm3.get(i, 0.0) * 1e3 for i in range(13)])

    offsets = np.zeros(13)
    half_width = 1.0
    for _ in range(25):
        scores = nearest[1:] - offsets[1:, None]
        first, second = np.partition(scores, 1, axis=0)[:2]
        # a soft edge keeps the volume smooth in the offsets on the coarse lattice
        edge = np.minimum(-first, (second - first - shape.septum_mm) / 2)
        fill = np.clip((edge + half_width) / (2 * half_width), 0, 1)
        owner = scores.argmin(axis=0) + 1
        volume = np.bincount(owner, fill, 13) * SPACING_MM**3
        area = (
            np.bincount(owner, (fill > 0) & (fill < 1), 13) * SPACING_MM**3 / (2 * half_width)
        )
        step = (wanted - volume) / np.maximum(area, 100.0)
        offsets[1:] += np.clip(step[1:], -1.0, 1.0) * 0.7
        offsets = np.clip(offsets, -4.0, _GROWTH_MM)
    return offsets


def _grow_bellies(
    tubes: Mapping[str, Tube], lattice: Lattice, offsets: Array, fascia: Field, septum_mm: float
) -> NDArray[np.uint8]:
    owner, first, second = _contest(tubes, lattice, BELLIES, offsets, _GROWTH_MM + 1)
    is_muscle = (first < 0) & (second - first > septum_mm) & (fascia < 0)
    return np.where(is_muscle, owner, 0).astype(np.uint8)


def _contest(
    tubes: Mapping[str, Tube],
    lattice: Lattice,
    labels: Mapping[str, int],
    offsets: Array,
    margin_mm: float,
) -> tuple[NDArray[np.uint8], Field, Field]:
    """Give each voxel to the nearest label, once each has grown by its offset.

    Returns
    -------
    tuple
        The nearest label, the distance to it, and that to the nearest other label
        (mm, negative inside).
    """
    far = np.float32(1e3)
    first = np.full(lattice.shape, far)
    second = np.full(lattice.shape, far)
    owner = np.zeros(lattice.shape, dtype=np.uint8)
    for name, box, distance in lattice.distances(tubes, tuple(labels), margin_mm):
        score = distance - np.float32(offsets[labels[name]])
        best, runner_up, winner = first[box], second[box], owner[box]
        wins = score < best
        loser = np.where(wins, best, score)
        is_rival = winner != labels[name]  # heads of one muscle have no septum between them
        runner_up[...] = np.where(is_rival, np.minimum(runner_up, loser), runner_up)
        best[...] = np.where(wins, score, best)
        winner[...] = np.where(wins, labels[name], winner)
    return owner, first, second


def _lay_aponeurosis(
    tissues: NDArray[np.uint8],
    fascia: Field,
    plantar: Field,
    lattice: Lattice,
    tubes: Mapping[str, Tube],
    length_mm: float,
) -> None:
    """Put the plantar aponeurosis under the flexor digitorum brevis."""
    brevis = tubes["flexor_digitorum_brevis"]
    lateral, long, _ = lattice.planes_mm()
    middle = np.interp(long, brevis.centres[:, LONG], brevis.centres[:, 0])
    half_width = np.interp(long / length_mm, (0.1, 0.5, 0.7), (0.05, 0.08, 0.17)) * length_mm
    # 2 to 4 mm at the heel in healthy feet, thinning toward the toes
    thickness = np.interp(long / length_mm, (0.1, 0.4, 0.7), (3.0, 1.8, 1.0))
    reaches = (long / length_mm > 0.1) & (long / length_mm < 0.72)
    band = (np.abs(lateral[:, None] - middle) < half_width) & reaches
    sheet = (fascia >= 0) & (fascia < thickness[None, :, None]) & (plantar > 0.5)
    tissues[sheet & band[:, :, None] & (tissues == Tissue.FAT)] = Tissue.TENDON


def _lay_tendons(
    tissues: NDArray[np.uint8],
    muscles: NDArray[np.uint8],
    tubes: Mapping[str, Tube],
    lattice: Lattice,
    length_mm: float,
) -> None:
    dorsal = lattice.planes_mm()[DORSAL]
    made_of = np.where(dorsal > _BELLY_ABOVE * length_mm, Tissue.MUSCLE, Tissue.TENDON)
    for name, box, distance in lattice.distances(tubes, (*TENDONS, "soleus"), 1.0):
        inside = distance < 0
        is_tendon = name in {"calcaneal_tendon", "long_plantar_ligament"}
        kind = Tissue.TENDON if is_tendon else made_of[box[DORSAL]]
        tissues[box] = np.where(inside, kind, tissues[box])
        muscles[box][inside] = 0


def _lay_bones(
    tissues: NDArray[np.uint8],
    muscles: NDArray[np.uint8],
    tubes: Mapping[str, Tube],
    lattice: Lattice,
    cortex_mm: float,
) -> NDArray[np.uint8]:
    owner, first, second = _contest(tubes, lattice, BONES, np.zeros(len(BONE_NAMES) + 1), 1.0)
    bones = np.where(first < 0, owner, 0).astype(np.uint8)
    depth = np.minimum(-first, (second - first) / 2)  # joints have a cortex on both sides
    muscles[bones > 0] = 0
    tissues[bones > 0] = np.where(depth < cortex_mm, Tissue.CORTEX, Tissue.MARROW)[bones > 0]
    return bones
