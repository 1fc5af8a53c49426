"""Bone centres of a foot of mean proportions, by which the fine patch is positioned."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import FootShape
from training.feet import SPACING_MM

Array = NDArray[np.float64]
POSE_BONES = range(1, 13)
"""Calcaneus to fifth metatarsal: the bones that the pose of the patch is fitted to."""

_TO_CENTRE_MM = (0.0, 8.0, 0.0)  # from the bones' mean to the patch's centre: room for the toes


@cache
def template_mm() -> dict[int, Array]:
    """Centroid of each pose bone of the mean foot, relative to the fine patch's centre."""
    centres = bone_centres_mm(_mean_foot())
    patch_centre = np.mean(list(centres.values()), axis=0) + _TO_CENTRE_MM
    return {label: centre - patch_centre for label, centre in centres.items()}


def bone_centres_mm(foot: Foot) -> dict[int, Array]:
    """Give the centroid of each pose bone, in world mm."""
    bones = foot.truth.bones
    centres = ndimage.center_of_mass(
        np.ones(bones.voxels.shape, dtype=np.uint8), bones.voxels, list(POSE_BONES)
    )
    return {
        label: bones.grid.to_world(centre)
        for label, centre in zip(POSE_BONES, centres, strict=True)
        if np.isfinite(centre).all()
    }


def bone_sizes() -> dict[int, dict[str, list[float]]]:
    """Give template position and half the extent of each pose bone, in mm, for the manifest."""
    bones = _mean_foot().truth.bones.voxels
    sizes = {}
    for label in POSE_BONES:
        points = np.argwhere(bones == label) * SPACING_MM
        half = (points.max(axis=0) - points.min(axis=0)) / 2
        sizes[label] = {
            "centre_mm": np.round(template_mm()[label], 2).tolist(),
            "half_size_mm": np.round(half, 2).tolist(),
        }
    return sizes


@cache
def _mean_foot() -> Foot:
    return make_foot(FootShape(), SPACING_MM)
