"""Training examples: patches of random scans of digital feet, and their labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.random_protocol import draw_acquisition
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.positioning import random_pose
from pipeline.segmenters.network.patch import COARSE, Patch, with_scaled_intensity
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.pose_fit import fit_pose
from pipeline.segmenters.network.prediction import OTHER
from training.feet import ALL_KINDS, Kinds, training_foot
from training.template import bone_centres_mm, template_mm

Array = NDArray[np.float64]
_Mode = Literal["nearest", "grid-constant"]
EXAMPLE_STREAM = 5_000_000
PATCHES_PER_SCAN = 5
"""Patches of each scan, as simulating it takes longer than training on a patch."""

_FINEST = 0.9  # pixel size relative to the patch's spacing; finer pixels would be averaged
_NO_FOOT = 0.15  # fraction of coarse examples
_ROTATIONS_DEG = (
    (-15.0, 45.0),
    (-25.0, 25.0),
    (-30.0, 30.0),
)  # pitch (toes down > 0), roll, yaw


@dataclass(frozen=True, slots=True)
class Example:
    """Input and target of a network.

    Parameters
    ----------
    image
        Input patch.
    labels
        Class of each labelled voxel.
    muscles
        Muscle of each input voxel; 0 where there is none.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    muscles: NDArray[np.uint8]


def draw_examples(
    index: int,
    patch: Patch,
    feet: int,
    folder: Path,
    first_foot: int = 0,
    patches: int = PATCHES_PER_SCAN,
    kinds: Kinds = ALL_KINDS,
) -> list[Example]:
    """Draw the patches of scan `index`, which depend on these arguments alone.

    Parameters
    ----------
    patch
        Size and spacing of the patches.
    feet
        Number of digital feet to draw from, from `first_foot` on.
    folder
        Where the feet are cached.
    kinds
        Kinds of feet to draw from.
    """
    rng = np.random.default_rng((EXAMPLE_STREAM, round(patch.finest_mm * 100), index))
    foot = training_foot(first_foot + int(rng.integers(feet)), folder, kinds)
    if patch == COARSE:
        foot = _downsampled(foot)
    foot = foot.moved(random_pose(rng))
    scan = _scan(foot, rng, patch.finest_mm)
    classes, centres_mm = classes_of(foot), bone_centres_mm(foot)
    return [_draw_example(foot, scan, patch, rng, classes, centres_mm) for _ in range(patches)]


def _draw_example(
    foot: Foot,
    scan: Scan,
    patch: Patch,
    rng: np.random.Generator,
    classes: NDArray[np.uint8],
    centres_mm: Mapping[int, Array],
) -> Example:
    is_coarse = patch == COARSE
    pose = _coarse_pose(foot, rng) if is_coarse else _fine_pose(centres_mm, rng)
    if is_coarse and rng.random() < _NO_FOOT:
        pose = _leg_pose(foot, rng)
        classes = np.where(classes > 0, np.uint8(OTHER), np.uint8(0))
    # outside the field of view the target is air
    field_of_view = np.ones(scan.grid.shape, dtype=np.uint8)
    labels, muscles = (
        _sampled(classes, foot.grid.matrix, lattice, pose, "nearest")
        * _sampled(field_of_view, scan.grid.matrix, lattice, pose, "grid-constant")
        for lattice in (patch, patch.input)
    )
    muscles[muscles > len(MUSCLE_NAMES)] = 0
    image = PlacedImage.from_scan(scan).downsampled(patch.finest_mm)
    values = with_scaled_intensity(image.resampled(patch.input, pose))
    return Example(_vary_brightness(values, rng), labels, muscles)


def _downsampled(foot: Foot) -> Foot:
    """Keep every other voxel along each axis, which is enough for a patch of 4 mm spacing."""
    every = (slice(None, None, 2),) * 3
    scaling = np.diag((2.0, 2.0, 2.0, 1.0))
    tissues = foot.tissues[every]
    grid = Grid.from_arrays(tissues.shape, foot.grid.matrix @ scaling)
    muscles, bones = (
        LabelMap(m.voxels[every], grid, m.names) for m in (foot.truth.muscles, foot.truth.bones)
    )
    fat = None if foot.fat_fraction is None else foot.fat_fraction[every]
    return Foot(tissues, replace(foot.truth, muscles=muscles, bones=bones), fat)


def _scan(foot: Foot, rng: np.random.Generator, spacing_mm: float) -> Scan:
    while True:
        protocol, artefacts = draw_acquisition(rng, finest_mm=_FINEST * spacing_mm)
        try:
            return acquire(foot, protocol, rng, artefacts=artefacts)
        except ConfigError:  # a small foot is cut at both ends; draw again
            continue


def classes_of(foot: Foot) -> NDArray[np.uint8]:
    """Give the true class of each voxel of a digital foot."""
    muscles, bones = foot.truth.muscles.voxels, foot.truth.bones.voxels
    classes = np.where(foot.tissues != Tissue.AIR, OTHER, 0).astype(np.uint8)
    classes[muscles > 0] = muscles[muscles > 0]
    classes[bones > 0] = bones[bones > 0] + len(MUSCLE_NAMES)
    return classes


def _sampled(
    labels: NDArray[np.uint8], affine: Array, patch: Patch, pose: Array, mode: _Mode
) -> NDArray[np.uint8]:
    to_labels = np.linalg.inv(affine) @ pose @ patch.affine
    sampled: NDArray[np.uint8] = ndimage.affine_transform(
        labels, to_labels[:3, :3], to_labels[:3, 3], patch.shape, order=0, mode=mode
    )
    return sampled


def _fine_pose(centres_mm: Mapping[int, Array], rng: np.random.Generator) -> Array:
    """Fit the fine patch to the foot, with errors as of the coarse network."""
    pose, _ = fit_pose(centres_mm, template_mm())
    rotation = Rotation.from_euler("xyz", rng.normal(0, 4.0, 3), degrees=True).as_matrix()
    error = np.eye(4)
    error[:3, :3] = rotation @ np.diag(np.exp(rng.normal(0, 0.04) + rng.normal(0, 0.02, 3)))
    error[:3, 3] = rng.normal(0, 3.0, 3)
    return pose @ error


def _coarse_pose(foot: Foot, rng: np.random.Generator) -> Array:
    """Centre the coarse patch near the foot, rotated and, half of the time, mirrored."""
    angles = [rng.uniform(*limits) for limits in _ROTATIONS_DEG]
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    pose = np.eye(4)
    mirror = np.diag((rng.choice((-1.0, 1.0)), 1.0, 1.0))
    scales = np.diag(np.exp(rng.uniform(-0.35, 0.3) + rng.normal(0, 0.04, 3)))
    pose[:3, :3] = rotation @ mirror @ scales
    pose[:3, 3] = _tissue_centre_mm(foot) + rng.uniform(-25, 25, 3)
    return pose


def _leg_pose(foot: Foot, rng: np.random.Generator) -> Array:
    """Place the patch on the leg alone, which is stretched along its length to fill it."""
    axes = foot.grid.matrix[:3, :3] / foot.grid.spacing_mm
    top = np.argwhere((foot.tissues != Tissue.AIR)[..., -1])
    centre = foot.grid.to_world((*top.mean(axis=0), foot.grid.shape[2] - 1))
    order = rng.permutation(3)
    rotation = Rotation.from_euler("xyz", rng.uniform(-30, 30, 3), degrees=True).as_matrix()
    scales = np.diag((1.0, 1.0, float(rng.uniform(0.05, 0.25)))) * rng.uniform(0.7, 1.3)
    pose = np.eye(4)
    pose[:3, :3] = axes @ scales @ (rotation[order] if rng.random() < 0.5 else rotation)
    half_mm = COARSE.shape[2] * COARSE.spacing_mm[2] / 2 * scales[2, 2]
    pose[:3, 3] = centre - axes[:, 2] * (half_mm + 1.0)
    return pose


def _tissue_centre_mm(foot: Foot) -> Array:
    tissue = np.argwhere(foot.tissues != Tissue.AIR)
    centre: Array = foot.grid.to_world((tissue.min(axis=0) + tissue.max(axis=0)) / 2)
    return centre


def _vary_brightness(
    image: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Apply a random gamma and gain, as intensities differ between scanners."""
    return (image ** np.float32(rng.uniform(0.8, 1.25))) * np.float32(rng.uniform(0.7, 1.4))
