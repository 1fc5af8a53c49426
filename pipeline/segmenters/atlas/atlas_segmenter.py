"""The atlas segmenter: a digital foot brought to the scan."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.domain import anatomy
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.atlas.affine_registration import Alignment, find_pose
from pipeline.segmenters.atlas.atlas_template import Template, make_template
from pipeline.segmenters.atlas.deformable_registration import SPACING_MM, deform
from pipeline.segmenters.atlas.intensity_refinement import chances_of, refine_muscles
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.network.foot_masks import (
    Alone,
    check_shown,
    filled,
    foot_asked_for,
    single_feet,
    tissue_mask,
    without_others,
)
from pipeline.segmenters.network.isotropic_image import Volume, axis_directions

NAME = "atlas"
STAGE = "segment"
_POSE_MM = 4.0
_LABEL_MM = 1.0  # of carried labels, whatever the scan's slices

# Simulated feet reach 0.97 and more; calves and heads stay below 0.70 (docs/accuracy.md).
_LEAST_SIMILARITY = 0.80
_GOOD_SIMILARITY = 0.90
_SIZE_RANGE = (0.65, 1.5)  # of a foot relative to the template, along its own axes
_CLEAR_MARGIN = 0.03  # of similarity, between the right side and the mirror image
_FRAME_BONES = (
    anatomy.CALCANEUS,
    anatomy.METATARSAL_1,
    anatomy.METATARSAL_2,
    anatomy.METATARSAL_5,
)


@dataclass(frozen=True, slots=True)
class AtlasSegmenter:
    """Brings a digital foot of mean proportions to the scan.

    Notes
    -----
    Pose and side by matching from every start, then affine, then deformable
    registration; muscle borders by the scan's own brightness. Calculated along the image's
    own axes about its middle, so that the order of voxels on disk does not matter.
    """

    @property
    def name(self) -> str:
        """Name that provenance records."""
        return NAME

    def recognise(self, scan: Scan) -> Recognition:
        """Find the foot and tell its side; likeness is the similarity to the atlas.

        Raises
        ------
        ScanError
            If the image does not show one whole foot, or its side cannot be told.
        """
        template = make_template(scan.contrast)
        alignment, _, cautions = _find_foot(scan, template)
        _check_shown(alignment, template, scan.grid)
        return Recognition(_side(alignment, scan.grid), alignment.similarity, cautions)

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one whole foot, or its side cannot be told.
        SegmentationError
            If nothing of a muscle was found.
        """
        template = make_template(scan.contrast)
        alignment, alone, cautions = _find_foot(scan, template)
        _check_shown(alignment, template, scan.grid)
        image = alone(_image(scan, SPACING_MM))
        deformation = deform(image, _image(template, SPACING_MM / 2), alignment)
        truth = template.foot.truth
        lattice = _isotropic(scan.grid)
        carried = deformation.carry(truth.muscles.voxels, template.grid, lattice)
        bones = deformation.carry(truth.bones.voxels, template.grid, scan.grid)
        solid = replace(image, values=filled(tissue_mask(image)).astype(np.float32))
        bones[solid.on_grid(scan.grid) == 0] = 0  # no bone sticks out of the skin
        if not carried.any():
            msg = (
                "A foot must show muscle: got none after registration. "
                "Look at the image, and check its contrast in the file name."
            )
            raise SegmentationError(msg)
        origin = -(np.array(lattice.shape) - 1) * _LABEL_MM / 2
        muscles = refine_muscles(
            scan.intensity,
            scan.grid,
            chances_of(Volume(carried.astype(np.float32), _LABEL_MM, origin)),
            bones,
        )
        return Segmentation(
            LabelMap(muscles, scan.grid, anatomy.MUSCLE_NAMES),
            LabelMap(bones, scan.grid, anatomy.BONE_NAMES),
            _side(alignment, scan.grid),
            NAME,
            (*scan.cautions, *cautions),
        )


def _image(source: Scan | Template, spacing_mm: float) -> Volume:
    return Volume.from_image(source.intensity, source.grid.spacing_mm, spacing_mm)


def _isotropic(grid: Grid) -> Grid:
    """Give a fine isotropic grid over the same field of view, about the same middle."""
    extent_mm = np.array(grid.shape) * np.array(grid.spacing_mm)
    shape = np.ceil(extent_mm / _LABEL_MM).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = axis_directions(grid) * _LABEL_MM
    affine[:3, 3] = grid.centre_mm - affine[:3, :3] @ ((shape - 1) / 2)
    return Grid.from_arrays(shape.tolist(), affine)


def _side(alignment: Alignment, grid: Grid) -> Side:
    is_right_handed = np.linalg.det(axis_directions(grid)) > 0
    return Side.RIGHT if alignment.is_mirrored != is_right_handed else Side.LEFT


def _find_foot(scan: Scan, template: Template) -> tuple[Alignment, Alone, tuple[Caution, ...]]:
    """Find the one foot that is asked for, and how the template lies on it."""
    lattice = _image(scan, _POSE_MM)
    small = _image(template, _POSE_MM)
    candidates = []
    for mask in single_feet(lattice):
        alone = without_others(mask, lattice)
        candidates.append((*find_pose(alone(lattice), small), alone))
    feet = [c for c in candidates if _is_foot(c[0])]
    if not feet:
        best = max((c[0].similarity for c in candidates), default=0.0)
        pieces = "one piece" if len(candidates) == 1 else f"{len(candidates)} pieces"
        msg = (
            f"The image must show a foot: got {pieces} of tissue, of which the best resembles "
            f"one by {best:.2f} where {_LEAST_SIMILARITY:.2f} is asked. Check that this is a "
            "scan of one foot, that it is not fat/water swapped, and that the file name tells "
            "its contrast."
        )
        raise ScanError(msg)
    if len(feet) > 1:
        feet = [feet[foot_asked_for([_clear_side(foot, scan.grid) for foot in feet], scan)]]
    alignment, rival, alone = feet[0]
    return _resolve_side(alignment, rival, scan), alone, _doubts(alignment, rival)


def _is_foot(alignment: Alignment) -> bool:
    sizes = np.linalg.svd(alignment.matrix, compute_uv=False)
    low, high = _SIZE_RANGE
    is_sized = low < sizes.min() and sizes.max() < high
    return bool(alignment.similarity >= _LEAST_SIMILARITY and is_sized)


def _clear_side(foot: tuple[Alignment, Alignment, Alone], grid: Grid) -> Side | None:
    alignment, rival, _ = foot
    is_clear = alignment.similarity - rival.similarity >= _CLEAR_MARGIN
    return _side(alignment, grid) if is_clear else None


def _resolve_side(alignment: Alignment, rival: Alignment, scan: Scan) -> Alignment:
    """Take the better alignment, or where both are as good the one that was claimed."""
    if alignment.similarity - rival.similarity >= _CLEAR_MARGIN:
        return alignment
    if scan.side is None:
        msg = (
            "The side of the foot must be known: got no claim, and an anatomy that fits right "
            f"and left alike (similarity {alignment.similarity:.3f} and "
            f"{rival.similarity:.3f}). Give --side or the side column of participants.tsv."
        )
        raise ScanError(msg)
    return next(a for a in (alignment, rival) if _side(a, scan.grid) is scan.side)


def _doubts(alignment: Alignment, rival: Alignment) -> tuple[Caution, ...]:
    cautions = []
    if alignment.similarity < _GOOD_SIMILARITY:
        message = (
            f"The scan resembles the atlas by {alignment.similarity:.2f} only "
            f"(good ones reach {_GOOD_SIMILARITY:.2f}), so look at the labels."
        )
        cautions.append(Caution("low-similarity", message, STAGE))
    if alignment.similarity - rival.similarity < _CLEAR_MARGIN:
        message = "The anatomy does not settle the side, so the claimed one was taken."
        cautions.append(Caution("side-unconfirmed", message, STAGE))
    return tuple(cautions)


def _check_shown(alignment: Alignment, template: Template, grid: Grid) -> None:
    """Refuse an image that cuts off what the foot frame rests on."""
    bones = template.foot.truth.bones
    half_mm = np.array(grid.shape) * np.array(grid.spacing_mm) / 2
    middle = (np.array(bones.grid.shape) - 1) / 2
    shown = {}
    for label in _FRAME_BONES:
        points = (np.argwhere(bones.voxels == label) - middle) * bones.grid.spacing_mm
        is_shown = (np.abs(alignment.to_image(points)) <= half_mm).all(axis=1)
        shown[bones.names[label]] = float(is_shown.mean())
    check_shown(shown)
