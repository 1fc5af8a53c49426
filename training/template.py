"""The foot of mean proportions that the fine window is laid along."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import FootShape
from training.feet import SPACING_MM

Array = NDArray[np.float64]
FRAME_BONES = range(1, 13)
"""Calcaneus to fifth metatarsal: what the window is laid by."""

_TO_MIDDLE_MM = (0.0, 8.0, 0.0)  # from the frame bones' to that of toes and sole, too


@cache
def template_mm() -> dict[int, Array]:
    """Middle of each frame bone of a foot of mean proportions, about the fine window's."""
    middles = bone_centres_mm(_mean_foot())
    centre = np.mean(list(middles.values()), axis=0) + _TO_MIDDLE_MM
    return {label: middle - centre for label, middle in middles.items()}


def bone_centres_mm(foot: Foot) -> dict[int, Array]:
    """Give the middle of each frame bone, in the world."""
    bones = foot.truth.bones
    middles = ndimage.center_of_mass(
        np.ones(bones.voxels.shape, dtype=np.uint8), bones.voxels, list(FRAME_BONES)
    )
    return {
        label: bones.grid.to_world(middle)
        for label, middle in zip(FRAME_BONES, middles, strict=True)
        if np.isfinite(middle).all()
    }


def bone_sizes() -> dict[int, dict[str, list[float]]]:
    """Give place and half the size of each frame bone of that foot, in mm."""
    bones = _mean_foot().truth.bones.voxels
    sizes = {}
    for label in FRAME_BONES:
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
