"""Shapes to voxels: labels and tissues of one digital foot."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.capsules import pieces
from pipeline.phantom.anatomy.displacement_field import make_bend
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope
from pipeline.phantom.anatomy.fascia import lay_aponeurosis, lay_deep_fascia, lay_pad_septa
from pipeline.phantom.anatomy.foot import PHANTOM, Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL
from pipeline.phantom.anatomy.intramuscular_fat import fat_streaks
from pipeline.phantom.anatomy.joint_pose import Posture, pose_structures
from pipeline.phantom.anatomy.lattice import Lattice, Shape
from pipeline.phantom.anatomy.muscle_models import CONSTRUCTIONS
from pipeline.phantom.anatomy.nearest_label import contest
from pipeline.phantom.anatomy.shape import FootShape, check_within
from pipeline.phantom.anatomy.skeleton import STRAIGHT
from pipeline.phantom.anatomy.slips import equipped
from pipeline.phantom.anatomy.small_components import drop_specks
from pipeline.phantom.anatomy.structures import BELLIES, BONES, LEG_BELLIES, LIGAMENTS

_LEG_TOP = 0.45  # where the leg is cut, bone lengths above the calcaneus
_CARTILAGE_MM = 0.5  # on either side of a joint
_SYNOVIA_MM = 0.15  # half the film of fluid between cartilages
_SKIN_MM = 1.5  # dorsal; plantar skin is twice as thick
_AIR_MM = 4.0


def make_foot(shape: FootShape, spacing_mm: float = 0.5) -> Foot:
    """Build one foot in its reference pose.

    The heel stands at the origin; toes point to +A, the leg to +S, the little toe to
    +R for a right foot and to -R for a left one, which is the exact mirror image.

    Parameters
    ----------
    spacing_mm
        Of the isotropic grid.

    Raises
    ------
    ConfigError
        If the spacing is not 0.1 to 5 mm.

    Notes
    -----
    Each muscle is the set of points that are nearer to it than to its neighbours, once
    every belly has grown by its own offset; offsets are solved so that volumes meet
    `shape.remaining_volumes_cm3` as far as fascia, bones and tendons leave room.
    Where structures overlap, skin yields to none; then bones come before tendons, nerves,
    vessels, muscle, fascia and fat.
    """
    check_within("spacing_mm", spacing_mm, (0.1, 5.0))
    posture = pose_structures(shape)
    if shape.kind is not FootKind.TAPERED:
        posture = equipped(posture, shape.bone_length_mm)
    coarse = _coarse_lattice(posture, shape.bone_length_mm)
    plan = CONSTRUCTIONS[shape.kind](posture, coarse, shape)
    envelope = plan.envelope
    fine = _fine_lattice(coarse, envelope, posture, shape, spacing_mm)
    fascia, skin, plantar = (
        coarse.refine(f, fine) for f in (envelope.fascia, envelope.skin, envelope.plantar)
    )
    skin_mm = _SKIN_MM * shape.skin_scale * (1 + plantar)
    deep = skin < -np.minimum(skin_mm, 0.5 * (fascia - skin) + 0.3)  # a toe is not all skin

    tissues = np.where(deep, Tissue.FAT, Tissue.SKIN).astype(np.uint8)
    tissues[skin >= 0] = Tissue.AIR
    lay_aponeurosis(tissues, fascia, plantar, fine, posture, shape)
    lay_deep_fascia(tissues, fascia, shape)
    lay_pad_septa(tissues, fascia, plantar, fine, shape)
    muscles = plan.grown(fine, fascia)
    muscles[~deep] = 0
    tissues[muscles > 0] = Tissue.MUSCLE
    for kind, shapes in _overlays(posture):
        for _, box, distance in fine.distances(shapes, spacing_mm):
            inside = (distance < 0) & deep[box]
            tissues[box][inside] = kind
            muscles[box][inside] = 0
    bones = _lay_bones(tissues, muscles, deep, posture, fine, shape.cortex_mm)
    if shape.kind is not FootKind.TAPERED:
        drop_specks(tissues, muscles, spacing_mm)

    grid = _grid(fine, shape.side)
    truth = Segmentation(
        LabelMap(muscles, grid, MUSCLE_NAMES),
        LabelMap(bones, grid, BONE_NAMES),
        shape.side,
        PHANTOM,
    )
    return Foot(tissues, truth, fat_streaks(muscles, fine, shape))


def _overlays(posture: Posture) -> Iterator[tuple[Tissue, Iterable[tuple[str, Shape]]]]:
    """Give what cuts through bellies, the weakest first."""
    yield Tissue.MUSCLE, [(name, posture.tubes[name]) for name in LEG_BELLIES]
    yield Tissue.BLOOD, pieces(posture.vessels)
    yield Tissue.NERVE, pieces(posture.nerves)
    yield Tissue.TENDON, pieces(posture.tendons)
    yield Tissue.TENDON, [(name, posture.tubes[name]) for name in LIGAMENTS]


def _coarse_lattice(posture: Posture, length_mm: float) -> Lattice:
    reach = np.array([posture.tubes[n].reach for n in (*BELLIES, *BONES, *LIGAMENTS)])
    low, high = reach[:, 0].min(axis=0) - 26.0, reach[:, 1].max(axis=0) + 16.0
    high[DORSAL] = length_mm * _LEG_TOP + 12.0
    return Lattice.over(low, high, SPACING_MM)


def _fine_lattice(
    coarse: Lattice,
    envelope: Envelope,
    posture: Posture,
    shape: FootShape,
    spacing_mm: float,
) -> Lattice:
    covered = np.argwhere(envelope.skin < SPACING_MM) * SPACING_MM + coarse.first_mm
    bend = None
    if shape.skeleton != STRAIGHT:
        bones = {name: posture.tubes[name] for name in BONES}
        last_mm = coarse.first_mm + SPACING_MM * np.array(coarse.shape)
        bend = make_bend(shape.skeleton, bones, coarse.first_mm, last_mm)
        covered = bend.posed(covered)
    low, high = covered.min(axis=0) - _AIR_MM, covered.max(axis=0) + _AIR_MM
    high[DORSAL] = shape.bone_length_mm * _LEG_TOP
    if bend is None:
        return Lattice.over(low, high, spacing_mm)
    return bend.over(low, high, spacing_mm)


def _grid(lattice: Lattice, side: Side) -> Grid:
    mirror = 1.0 if side is Side.RIGHT else -1.0
    affine = np.diag((lattice.spacing_mm * mirror, lattice.spacing_mm, lattice.spacing_mm, 1.0))
    affine[:3, 3] = lattice.first_mm * (mirror, 1.0, 1.0)
    return Grid.from_arrays(lattice.shape, affine)


def _lay_bones(
    tissues: NDArray[np.uint8],
    muscles: NDArray[np.uint8],
    deep: NDArray[np.bool_],
    posture: Posture,
    lattice: Lattice,
    cortex_mm: float,
) -> NDArray[np.uint8]:
    """Put bones in, with cortex, marrow, and cartilage and fluid in their joints."""
    shapes = [(name, posture.tubes[name]) for name in BONES]
    owner, first, second = contest(lattice, shapes, BONES, margin_mm=1.5)
    from_joint = (second - first) / 2
    is_joint = (first < _CARTILAGE_MM) & (from_joint < _CARTILAGE_MM) & (second < 1.5) & deep
    bones = np.where((first < 0) & ~is_joint & deep, owner, 0).astype(np.uint8)
    depth = np.minimum(-first, from_joint - _CARTILAGE_MM)
    kind = np.where(depth < cortex_mm, Tissue.CORTEX, Tissue.MARROW)
    kind[is_joint] = np.where(from_joint < _SYNOVIA_MM, Tissue.FLUID, Tissue.CARTILAGE)[
        is_joint
    ]
    changed = is_joint | (bones > 0)
    tissues[changed] = kind[changed]
    muscles[changed] = 0
    return bones
