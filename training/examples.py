"""Pairs to learn from: a digital foot seen through a random scanner, and its labels."""

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
_Beyond = Literal["nearest", "grid-constant"]
EXAMPLE_STREAM = 5_000_000
VIEWS = 5
"""Windows laid on each scan, as taking it costs more than looking at it."""

_FINEST = 0.9  # of the window's spacing: finer pixels would be averaged away
_NO_FOOT = 0.15  # of coarse examples
_TURNS_DEG = ((-15.0, 45.0), (-25.0, 25.0), (-30.0, 30.0))  # pitch (toes down > 0), roll, yaw


@dataclass(frozen=True, slots=True)
class Example:
    """What the network sees and is to say.

    Parameters
    ----------
    image
        In the voxels that are shown.
    labels
        Class of each voxel of the window.
    muscles
        Muscle of each voxel that is shown; 0 where there is none.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    muscles: NDArray[np.uint8]


def draw_examples(
    index: int,
    window: Patch,
    feet: int,
    folder: Path,
    first_foot: int = 0,
    views: int = VIEWS,
    kinds: Kinds = ALL_KINDS,
) -> list[Example]:
    """Make the views of scan `index`: always the same, whoever asks, in whichever order.

    Parameters
    ----------
    feet
        How many digital feet there are to image, from `first_foot` on.
    folder
        Where they are kept.
    kinds
        Of feet.
    """
    rng = np.random.default_rng((EXAMPLE_STREAM, round(window.finest_mm * 100), index))
    foot = training_foot(first_foot + int(rng.integers(feet)), folder, kinds)
    if window == COARSE:
        foot = _thinned(foot)
    foot = foot.moved(random_pose(rng))
    scan = _scan(foot, rng, window.finest_mm)
    classes, centres_mm = classes_of(foot), bone_centres_mm(foot)
    return [_view(foot, scan, window, rng, classes, centres_mm) for _ in range(views)]


def _view(
    foot: Foot,
    scan: Scan,
    window: Patch,
    rng: np.random.Generator,
    classes: NDArray[np.uint8],
    centres_mm: Mapping[int, Array],
) -> Example:
    is_coarse = window == COARSE
    frame = _wide_frame(foot, rng) if is_coarse else _near_frame(centres_mm, rng)
    if is_coarse and rng.random() < _NO_FOOT:
        frame = _leg_frame(foot, rng)
        classes = np.where(classes > 0, np.uint8(OTHER), np.uint8(0))
    # beyond the field of view nothing is seen, so nothing is to be found
    field_of_view = np.ones(scan.grid.shape, dtype=np.uint8)
    labels, muscles = (
        _sampled(classes, foot.grid.matrix, lattice, frame, "nearest")
        * _sampled(field_of_view, scan.grid.matrix, lattice, frame, "grid-constant")
        for lattice in (window, window.input)
    )
    muscles[muscles > len(MUSCLE_NAMES)] = 0
    image = PlacedImage.from_scan(scan).downsampled(window.finest_mm)
    shown = with_scaled_intensity(image.resampled(window.input, frame))
    return Example(_spoilt(shown, rng), labels, muscles)


def _thinned(foot: Foot) -> Foot:
    """Keep every other voxel along each axis: enough for a window of 4 mm, and quick."""
    every = (slice(None, None, 2),) * 3
    scaling = np.diag((2.0, 2.0, 2.0, 1.0))
    tissues = foot.tissues[every]
    grid = Grid.from_arrays(tissues.shape, foot.grid.matrix @ scaling)
    muscles, bones = (
        LabelMap(m.voxels[every], grid, m.names) for m in (foot.truth.muscles, foot.truth.bones)
    )
    fat = None if foot.fat_fraction is None else foot.fat_fraction[every]
    return Foot(tissues, replace(foot.truth, muscles=muscles, bones=bones), fat)


def _scan(foot: Foot, rng: np.random.Generator, window_mm: float) -> Scan:
    while True:
        protocol, artefacts = draw_acquisition(rng, finest_mm=_FINEST * window_mm)
        try:
            return acquire(foot, protocol, rng, artefacts=artefacts)
        except ConfigError:  # a small foot cut short from both ends
            continue


def classes_of(foot: Foot) -> NDArray[np.uint8]:
    """Give the class that a network is to find at each voxel of a digital foot."""
    muscles, bones = foot.truth.muscles.voxels, foot.truth.bones.voxels
    classes = np.where(foot.tissues != Tissue.AIR, OTHER, 0).astype(np.uint8)
    classes[muscles > 0] = muscles[muscles > 0]
    classes[bones > 0] = bones[bones > 0] + len(MUSCLE_NAMES)
    return classes


def _sampled(
    labels: NDArray[np.uint8], affine: Array, window: Patch, frame: Array, beyond: _Beyond
) -> NDArray[np.uint8]:
    to_labels = np.linalg.inv(affine) @ frame @ window.affine
    sampled: NDArray[np.uint8] = ndimage.affine_transform(
        labels, to_labels[:3, :3], to_labels[:3, 3], window.shape, order=0, mode=beyond
    )
    return sampled


def _near_frame(centres_mm: Mapping[int, Array], rng: np.random.Generator) -> Array:
    """Lay the window along the foot, as well as the coarse pass would."""
    frame, _ = fit_pose(centres_mm, template_mm())
    turn = Rotation.from_euler("xyz", rng.normal(0, 4.0, 3), degrees=True).as_matrix()
    nudge = np.eye(4)
    nudge[:3, :3] = turn @ np.diag(np.exp(rng.normal(0, 0.04) + rng.normal(0, 0.02, 3)))
    nudge[:3, 3] = rng.normal(0, 3.0, 3)
    return frame @ nudge


def _wide_frame(foot: Foot, rng: np.random.Generator) -> Array:
    """Lay the window about the tissue, turned at random and, half of the time, mirrored."""
    angles = [rng.uniform(*limits) for limits in _TURNS_DEG]
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    frame = np.eye(4)
    mirror = np.diag((rng.choice((-1.0, 1.0)), 1.0, 1.0))
    scales = np.diag(np.exp(rng.uniform(-0.35, 0.3) + rng.normal(0, 0.04, 3)))
    frame[:3, :3] = turn @ mirror @ scales
    frame[:3, 3] = _tissue_middle_mm(foot) + rng.uniform(-25, 25, 3)
    return frame


def _leg_frame(foot: Foot, rng: np.random.Generator) -> Array:
    """Look at the leg alone: its short piece drawn out until it fills the window."""
    ankle = foot.grid.matrix[:3, :3] / foot.grid.spacing_mm
    up = np.argwhere((foot.tissues != Tissue.AIR)[..., -1])
    middle = foot.grid.to_world((*up.mean(axis=0), foot.grid.shape[2] - 1))
    order = rng.permutation(3)
    turn = Rotation.from_euler("xyz", rng.uniform(-30, 30, 3), degrees=True).as_matrix()
    drawn = np.diag((1.0, 1.0, float(rng.uniform(0.05, 0.25)))) * rng.uniform(0.7, 1.3)
    frame = np.eye(4)
    frame[:3, :3] = ankle @ drawn @ (turn[order] if rng.random() < 0.5 else turn)
    reach_mm = COARSE.shape[2] * COARSE.spacing_mm[2] / 2 * drawn[2, 2]
    frame[:3, 3] = middle - ankle[:, 2] * (reach_mm + 1.0)
    return frame


def _tissue_middle_mm(foot: Foot) -> Array:
    shell = np.argwhere(foot.tissues != Tissue.AIR)
    middle: Array = foot.grid.to_world((shell.min(axis=0) + shell.max(axis=0)) / 2)
    return middle


def _spoilt(shown: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change brightness by a random curve: no two scanners scale alike."""
    return (shown ** np.float32(rng.uniform(0.8, 1.25))) * np.float32(rng.uniform(0.7, 1.4))
