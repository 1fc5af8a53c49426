"""Where the foot lies: found coarsely, then refined by fitting the patch to its bones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.foot_masks import candidate_masks, requested_foot, tissue_mask
from pipeline.segmenters.network.isotropic_image import IsotropicImage
from pipeline.segmenters.network.patch import Array
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.pose_fit import fit_pose, relative_stretch
from pipeline.segmenters.network.prediction import (
    Prediction,
    plantar_volume,
    predict,
    predict_finely,
    predict_plantar_volume,
)
from pipeline.segmenters.network.weights import Weights
from pipeline.segmenters.orientation import axis_directions

TURN_DEG = 10.0
"""By how much the patch is turned to test whether the muscle volume depends on it."""

MAX_BONE_DISTANCE = 1.7
"""Largest distance of the bones from those of feet, in SD; beyond it the image is refused."""

_CANDIDATES_MM = 4.0  # spacing at which candidates for feet are separated
_MIN_BONES = 6  # of the twelve that the pose is fitted to
_MAX_COARSE_RESIDUAL_MM = 15.0
_GOOD_COARSE_RESIDUAL_MM = 0.75 * _MAX_COARSE_RESIDUAL_MM  # no other orientation is tried
_CLEAR_RATIO = 2.0  # of the residuals of both sides; about four where they differ clearly
_CONVERGED = 0.06  # change of the pose from one iteration to the next
_MAX_ITERATIONS = 3
_MIN_CONFIDENCE = 0.6
_SCALE_RANGE = (0.6, 1.5)  # of a foot relative to the mean foot
_FRAME_BONES = (
    anatomy.CALCANEUS,
    anatomy.METATARSAL_1,
    anatomy.METATARSAL_2,
    anatomy.METATARSAL_5,
)


@dataclass(frozen=True, slots=True, eq=False)
class LocalisedFoot:
    """A foot in an image: its pose and what the fine network predicts there.

    Parameters
    ----------
    prediction, muscles
        As `predict_finely` gives them.
    pose
        Patch-to-world transform, 4 x 4.
    bone_distance
        Of the bone centres of the prediction from those of feet, as `BoneShape.distance`
        gives it.
    stretch
        Of the bones compared with the mean foot, as `relative_stretch` gives it.
    turn_change
        Plantar muscle volume in a patch turned by `TURN_DEG` minus that in this one, relative
        to the mean of both.
    """

    prediction: Prediction
    muscles: Prediction
    pose: Array
    bone_distance: float
    stretch: float
    turn_change: float

    @property
    def side(self) -> Side:
        """The side whose pose fits the bones: the pose of a left foot mirrors."""
        return Side.RIGHT if np.linalg.det(self.pose[:3, :3]) > 0 else Side.LEFT

    @property
    def is_foot(self) -> bool:
        """Whether bones, confidence and size are those of a foot."""
        low, high = _SCALE_RANGE
        return (
            self.bone_distance <= MAX_BONE_DISTANCE
            and self.prediction.confidence() >= _MIN_CONFIDENCE
            and low < _scale(self.pose) < high
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Refit:
    """A pose fitted to the bones of a prediction, and its distance from the previous pose."""

    pose: Array
    residual_mm: float
    change: float


def localise_foot(scan: Scan, weights: Weights) -> LocalisedFoot:
    """Find the one foot that is requested.

    Raises
    ------
    ScanError
        If there is no foot, or more than one and no side is requested.
    """
    return choose_foot(candidate_feet(scan, weights), scan)


def candidate_feet(scan: Scan, weights: Weights) -> list[LocalisedFoot | None]:
    """Localise a foot in each component of tissue that may be one.

    Returns
    -------
    list
        What was localised in each component, a foot or not; None where too few bones or none
        in the arrangement of a foot were found.
    """
    lattice = IsotropicImage.from_image(scan.intensity, scan.grid.spacing_mm, _CANDIDATES_MM)
    masks = list(candidate_masks(lattice))
    values = (np.where(mask, lattice.values, 0) for mask in masks)
    return [
        _localise(scan, replace(lattice, values=own), len(masks) > 1, weights) for own in values
    ]


def choose_foot(candidates: Sequence[LocalisedFoot | None], scan: Scan) -> LocalisedFoot:
    """Choose the one foot that is requested.

    Raises
    ------
    ScanError
        If no candidate is a foot, or more than one is and no side is requested.
    """
    localised = [foot for foot in candidates if foot is not None]
    feet = [foot for foot in localised if foot.is_foot]
    if not feet:
        raise ScanError(_no_foot(len(candidates), [foot.bone_distance for foot in localised]))
    if len(feet) > 1:
        return feet[requested_foot([foot.side for foot in feet], scan)]
    return feet[0]


def _no_foot(candidates: int, distances: Iterable[float]) -> str:
    number = "one component" if candidates == 1 else f"{candidates} components"
    least = min(distances, default=None)
    bones = "no bones of a foot"
    if least is not None:
        bones = f"bones at a distance of {least:.2f} SD from those of feet"
    return (
        f"The image must show a foot: got {number} of tissue with {bones}, where bones must "
        f"lie within {MAX_BONE_DISTANCE:g} SD of those of feet and the confidence be at least "
        f"{_MIN_CONFIDENCE:g}. Check that this is a scan of one foot, and that it is not "
        "fat/water swapped."
    )


def _localise(
    scan: Scan, candidate: IsotropicImage, is_masked: bool, weights: Weights
) -> LocalisedFoot | None:
    """Look for a foot in one component of tissue: coarsely, then finely along its bones."""
    intensity = scan.intensity
    if is_masked:
        is_own = replace(candidate, values=(candidate.values != 0).astype(np.float32))
        intensity = np.where(is_own.on_grid(scan.grid) > 0.5, intensity, np.float32(0))
    image = PlacedImage(intensity, scan.grid.matrix)
    coarse = image.downsampled(weights.coarse.patch.finest_mm)
    bones = _coarse_bones(coarse, _tissue_centre_mm(candidate, scan.grid), weights)
    if bones is None:
        return None
    fine = image.downsampled(weights.fine.patch.finest_mm)
    refits = [_refitted(fine, pose, weights) for pose in _candidate_poses(bones, weights)]
    start = min((r for r in refits if r), key=lambda refit: refit.residual_mm, default=None)
    if start is None:
        return None
    refit = _converged(fine, start, weights)
    turned_pose = refit.pose @ _small_turn()
    # one after the other, as each takes up to half a gigabyte
    turned = predict_plantar_volume(weights.fine, fine, turned_pose)
    prediction, muscles = predict_finely(weights.fine, fine, refit.pose)
    bones = prediction.bone_centres_mm(weights.centres_mm)
    if len(bones) < _MIN_BONES:
        return None
    to_patch = np.linalg.inv(refit.pose)
    in_patch = {label: to_patch[:3, :3] @ c + to_patch[:3, 3] for label, c in bones.items()}
    return LocalisedFoot(
        prediction,
        muscles,
        refit.pose,
        weights.bone_shape.distance(in_patch),
        relative_stretch(bones, weights.centres_mm),
        _relative_change(plantar_volume(muscles.probabilities), turned),
    )


def _relative_change(before: float, after: float) -> float:
    return 2 * (after - before) / max(after + before, 1.0)


def _coarse_bones(
    image: PlacedImage, centre_mm: Array, weights: Weights
) -> dict[int, Array] | None:
    """Find the bones in the orientation of the header, or else turned by right angles."""
    best, least = None, _MAX_COARSE_RESIDUAL_MM
    for rotation in _right_angle_rotations():
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation, centre_mm
        bones = predict(weights.coarse, image, pose).bone_centres_mm(weights.centres_mm)
        if len(bones) < _MIN_BONES:
            continue
        _, residual_mm = fit_pose(bones, weights.centres_mm)
        if residual_mm < least:
            best, least = bones, residual_mm
            if least < _GOOD_COARSE_RESIDUAL_MM:
                break
    return best


def _candidate_poses(bones: dict[int, Array], weights: Weights) -> list[Array]:
    """Fit the pose of a right and of a left foot; keep both if the bones hardly differ."""
    fits = [
        fit_pose(bones, weights.centres_mm, is_mirrored=is_mirrored)
        for is_mirrored in (False, True)
    ]
    least_mm = min(residual_mm for _, residual_mm in fits)
    return [pose for pose, residual_mm in fits if residual_mm < _CLEAR_RATIO * least_mm]


def _refitted(image: PlacedImage, before: Array, weights: Weights) -> _Refit | None:
    """Predict finely in one pose, and fit the next to the bones of that prediction."""
    bones = predict(weights.fine, image, before).bone_centres_mm(weights.centres_mm)
    if len(bones) < _MIN_BONES:
        return None
    is_mirrored = bool(np.linalg.det(before[:3, :3]) < 0)
    pose, residual_mm = fit_pose(bones, weights.centres_mm, is_mirrored=is_mirrored)
    return _Refit(pose, residual_mm, _pose_change(before, pose))


def _converged(image: PlacedImage, refit: _Refit, weights: Weights) -> _Refit:
    """Refit until the pose hardly changes."""
    for _ in range(_MAX_ITERATIONS - 1):
        if refit.change < _CONVERGED:
            break
        refit = _refitted(image, refit.pose, weights) or refit
    return refit


def _small_turn() -> Array:
    turn = np.eye(4)
    axis = np.ones(3) / np.sqrt(3)
    turn[:3, :3] = Rotation.from_rotvec(TURN_DEG * axis, degrees=True).as_matrix()
    return turn


def _right_angle_rotations() -> Array:
    """Give the 24 rotations that map axes to axes, smallest angle first."""
    group = Rotation.create_group("O")
    by_angle = np.argsort(group.magnitude().round(6), kind="stable")
    rotations: Array = np.round(group[by_angle].as_matrix())
    return rotations


def _tissue_centre_mm(candidate: IsotropicImage, grid: Grid) -> Array:
    """Give the centre of the tissue's bounding box, in the world."""
    points = candidate.positions_mm(tissue_mask(candidate))
    centre: Array = (points.min(axis=0) + points.max(axis=0)) / 2
    return grid.centre_mm + axis_directions(grid) @ centre


def _scale(pose: Array) -> float:
    return float(abs(np.linalg.det(pose[:3, :3])) ** (1 / 3))


def _pose_change(first: Array, second: Array) -> float:
    """Give the largest entry of the difference of two poses, 100 mm counting as 1."""
    change = np.linalg.inv(first) @ second - np.eye(4)
    change[:3, 3] /= 100.0
    return float(np.abs(change).max())


def bone_fractions_in_image(
    foot: LocalisedFoot, weights: Weights, grid: Grid
) -> dict[str, float]:
    """Give the fraction of each bone of the foot frame that lies in the image, by name."""
    ball = np.stack(np.meshgrid(*[np.linspace(-1, 1, 15)] * 3, indexing="ij"), axis=-1)
    ball = ball[(ball**2).sum(axis=-1) <= 1]
    fractions = {}
    for label in _FRAME_BONES:
        points = weights.centres_mm[label] + ball * weights.half_sizes_mm[label]
        world = points @ foot.pose[:3, :3].T + foot.pose[:3, 3]
        index = grid.to_index(world)
        inside = ((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all(axis=1)
        fractions[BONE_NAMES[label]] = float(inside.mean())
    return fractions
