"""Builds a digital foot: tissues and labels on a voxel grid."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.capsules import named_capsules
from pipeline.phantom.anatomy.displacement_field import make_displacement_field
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope
from pipeline.phantom.anatomy.fascia import add_aponeurosis, add_deep_fascia, add_pad_septa
from pipeline.phantom.anatomy.foot import PHANTOM, Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL
from pipeline.phantom.anatomy.intramuscular_fat import fat_streaks
from pipeline.phantom.anatomy.joint_pose import PosedStructures, pose_structures
from pipeline.phantom.anatomy.lattice import Lattice, Shape
from pipeline.phantom.anatomy.muscle_models import MUSCLE_MODELS
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label
from pipeline.phantom.anatomy.shape import FootShape, check_within
from pipeline.phantom.anatomy.skeleton import NEUTRAL
from pipeline.phantom.anatomy.slips import add_tendons
from pipeline.phantom.anatomy.small_components import remove_small_components
from pipeline.phantom.anatomy.structures import BELLIES, BONES, LEG_BELLIES, LIGAMENTS

_LEG_TOP = 0.45  # where the leg is cut off, bone lengths above the calcaneus
_CARTILAGE_MM = 0.5  # on either side of a joint
_SYNOVIA_MM = 0.15  # half the thickness of joint fluid between cartilages
_SKIN_MM = 1.5  # dorsal; plantar skin is twice as thick
_AIR_MM = 4.0


def make_foot(shape: FootShape, spacing_mm: float = 0.5) -> Foot:
    """Build one foot in its reference pose.

    The heel lies at the origin. Toes point to +A, the leg to +S, and the little toe to +R
    in a right foot and to -R in a left one, which is the exact mirror image.

    Parameters
    ----------
    spacing_mm
        Voxel size of the isotropic grid.

    Raises
    ------
    ConfigError
        If the spacing is not 0.1 to 5 mm.

    Notes
    -----
    Muscle volumes match `shape.remaining_volumes_cm3` as far as fascia, bones and tendons
    leave space. Where structures overlap, the order of precedence is skin, bone, tendon,
    nerve, vessel, muscle, fascia, fat.
    """
    check_within("spacing_mm", spacing_mm, (0.1, 5.0))
    structures = pose_structures(shape)
    if shape.kind is not FootKind.TAPERED:
        structures = add_tendons(structures, shape.bone_length_mm)
    coarse = _coarse_lattice(structures, shape.bone_length_mm)
    model = MUSCLE_MODELS[shape.kind](structures, coarse, shape)
    envelope = model.envelope
    fine = _fine_lattice(coarse, envelope, structures, shape, spacing_mm)
    fascia, skin, plantar = (
        coarse.refine(f, fine) for f in (envelope.fascia, envelope.skin, envelope.plantar)
    )
    skin_mm = _SKIN_MM * shape.skin_scale * (1 + plantar)
    deep = skin < -np.minimum(skin_mm, 0.5 * (fascia - skin) + 0.3)  # thin toes keep some fat

    tissues = np.where(deep, Tissue.FAT, Tissue.SKIN).astype(np.uint8)
    tissues[skin >= 0] = Tissue.AIR
    add_aponeurosis(tissues, fascia, plantar, fine, structures, shape)
    add_deep_fascia(tissues, fascia, shape)
    add_pad_septa(tissues, fascia, plantar, fine, shape)
    muscles = model.rasterise(fine, fascia)
    muscles[~deep] = 0
    tissues[muscles > 0] = Tissue.MUSCLE
    for tissue, shapes in _overlays(structures):
        for _, box, distance in fine.distances(shapes, spacing_mm):
            inside = (distance < 0) & deep[box]
            tissues[box][inside] = tissue
            muscles[box][inside] = 0
    bones = _add_bones(tissues, muscles, deep, structures, fine, shape.cortex_mm)
    if shape.kind is not FootKind.TAPERED:
        remove_small_components(tissues, muscles, spacing_mm)

    grid = _grid(fine, shape.side)
    truth = Segmentation(
        LabelMap(muscles, grid, MUSCLE_NAMES),
        LabelMap(bones, grid, BONE_NAMES),
        shape.side,
        PHANTOM,
    )
    return Foot(tissues, truth, fat_streaks(muscles, fine, shape))


def _overlays(
    structures: PosedStructures,
) -> Iterator[tuple[Tissue, Iterable[tuple[str, Shape]]]]:
    """Yield the tissues that replace muscle, in ascending precedence."""
    yield Tissue.MUSCLE, [(name, structures.cylinders[name]) for name in LEG_BELLIES]
    yield Tissue.BLOOD, named_capsules(structures.vessels)
    yield Tissue.NERVE, named_capsules(structures.nerves)
    yield Tissue.TENDON, named_capsules(structures.tendons)
    yield Tissue.TENDON, [(name, structures.cylinders[name]) for name in LIGAMENTS]


def _coarse_lattice(structures: PosedStructures, length_mm: float) -> Lattice:
    bounds = np.array([structures.cylinders[n].bounds for n in (*BELLIES, *BONES, *LIGAMENTS)])
    low, high = bounds[:, 0].min(axis=0) - 26.0, bounds[:, 1].max(axis=0) + 16.0
    high[DORSAL] = length_mm * _LEG_TOP + 12.0
    return Lattice.over(low, high, SPACING_MM)


def _fine_lattice(
    coarse: Lattice,
    envelope: Envelope,
    structures: PosedStructures,
    shape: FootShape,
    spacing_mm: float,
) -> Lattice:
    covered = np.argwhere(envelope.skin < SPACING_MM) * SPACING_MM + coarse.origin_mm
    field = None
    if shape.skeleton != NEUTRAL:
        bones = {name: structures.cylinders[name] for name in BONES}
        last_mm = coarse.origin_mm + SPACING_MM * np.array(coarse.shape)
        field = make_displacement_field(shape.skeleton, bones, coarse.origin_mm, last_mm)
        covered = field.apply(covered)
    low, high = covered.min(axis=0) - _AIR_MM, covered.max(axis=0) + _AIR_MM
    high[DORSAL] = shape.bone_length_mm * _LEG_TOP
    if field is None:
        return Lattice.over(low, high, spacing_mm)
    return field.deformed_lattice(low, high, spacing_mm)


def _grid(lattice: Lattice, side: Side) -> Grid:
    mirror = 1.0 if side is Side.RIGHT else -1.0
    affine = np.diag((lattice.spacing_mm * mirror, lattice.spacing_mm, lattice.spacing_mm, 1.0))
    affine[:3, 3] = lattice.origin_mm * (mirror, 1.0, 1.0)
    return Grid.from_arrays(lattice.shape, affine)


def _add_bones(
    tissues: NDArray[np.uint8],
    muscles: NDArray[np.uint8],
    deep: NDArray[np.bool_],
    structures: PosedStructures,
    lattice: Lattice,
    cortex_mm: float,
) -> NDArray[np.uint8]:
    """Add bones, with cortex and marrow, and cartilage and fluid in their joints."""
    shapes = [(name, structures.cylinders[name]) for name in BONES]
    nearest_label, first, second = assign_nearest_label(lattice, shapes, BONES, margin_mm=1.5)
    from_joint = (second - first) / 2
    is_joint = (first < _CARTILAGE_MM) & (from_joint < _CARTILAGE_MM) & (second < 1.5) & deep
    bones = np.where((first < 0) & ~is_joint & deep, nearest_label, 0).astype(np.uint8)
    depth = np.minimum(-first, from_joint - _CARTILAGE_MM)
    tissue = np.where(depth < cortex_mm, Tissue.CORTEX, Tissue.MARROW)
    tissue[is_joint] = np.where(from_joint < _SYNOVIA_MM, Tissue.FLUID, Tissue.CARTILAGE)[
        is_joint
    ]
    changed = is_joint | (bones > 0)
    tissues[changed] = tissue[changed]
    muscles[changed] = 0
    return bones
