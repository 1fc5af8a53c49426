"""Where the foot lies that a network is to label: found coarsely, then laid along its bones."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.foot_masks import (
    candidate_masks,
    requested_foot,
    tissue_mask,
    without_others,
)
from pipeline.segmenters.network.isotropic_image import IsotropicImage, axis_directions
from pipeline.segmenters.network.patch import Array, averaged
from pipeline.segmenters.network.pose_fit import fit_pose
from pipeline.segmenters.network.prediction import Prediction, predict, predict_finely
from pipeline.segmenters.network.weights import Weights

TURN_DEG = 10.0
"""How far the patch is turned to see whether that changes what is found."""

_PIECES_MM = 4.0
_LEAST_BONES = 6  # of the twelve that the patch is laid by, seen whole
_COARSE_RESIDUAL_MM = 15.0
_GOOD_ENOUGH = 0.75  # of what the coarse bones may be off, and no other turn is tried
_CLEARLY = 2.0  # times the better hand's residual, where the wrong one has four times it
_MOVED = 0.06  # of the pose between two looks: less, and the patch rests
_LOOKS = 3
_FINE_RESIDUAL_MM = 6.0
_LEAST_CERTAINTY = 0.6
_SIZE_RANGE = (0.6, 1.5)  # of a foot relative to one of mean proportions
_PLANTAR = [m.index for m in MUSCLES if m.is_plantar]
_FRAME_BONES = (
    anatomy.CALCANEUS,
    anatomy.METATARSAL_1,
    anatomy.METATARSAL_2,
    anatomy.METATARSAL_5,
)

_Image = tuple[NDArray[np.float32], Array]  # and its index to world


@dataclass(frozen=True, slots=True, eq=False)
class LocalisedFoot:
    """A foot: what the fine network sees, and how well its bones fit those of a foot.

    Parameters
    ----------
    change
        How much more plantar muscle a patch that was turned a little shows, as a part of the
        mean of both.
    """

    prediction: Prediction
    muscles: Prediction
    pose: Array
    residual_mm: float
    change: float

    @property
    def side(self) -> Side:
        """By which hand the bones fit."""
        return Side.RIGHT if np.linalg.det(self.pose[:3, :3]) > 0 else Side.LEFT

    @property
    def is_foot(self) -> bool:
        """Whether bones, confidence and size are those of a foot."""
        low, high = _SIZE_RANGE
        return (
            self.residual_mm <= _FINE_RESIDUAL_MM
            and self.prediction.confidence() >= _LEAST_CERTAINTY
            and low < _scale(self.pose) < high
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Refit:
    """A patch along the bones that were seen through another, `moved` away from it."""

    pose: Array
    residual_mm: float
    moved: float


def localise_foot(scan: Scan, weights: Weights) -> LocalisedFoot:
    """Find the one foot that is asked for.

    Raises
    ------
    ScanError
        If there is no foot, or more than one and no side is claimed.
    """
    lattice = IsotropicImage.from_image(scan.intensity, scan.grid.spacing_mm, _PIECES_MM)
    pieces = list(candidate_masks(lattice))
    found = []
    for mask in pieces:
        alone = without_others(mask, lattice)
        best = _look_for(scan, alone(lattice), len(pieces) > 1, weights)
        if best is not None:
            found.append(best)
    feet = [foot for foot in found if foot.is_foot]
    if not feet:
        number = "one piece" if len(pieces) == 1 else f"{len(pieces)} pieces"
        best_fit = min((f.residual_mm for f in found), default=None)
        fit = "no bones of a foot" if best_fit is None else f"bones {best_fit:.1f} mm off"
        msg = (
            f"The image must show a foot: got {number} of tissue with {fit}, where "
            f"{_FINE_RESIDUAL_MM:g} mm are allowed and a certainty of {_LEAST_CERTAINTY:g} is "
            "asked. Check that this is a scan of one foot, and that it is not fat/water "
            "swapped."
        )
        raise ScanError(msg)
    if len(feet) > 1:
        return feet[requested_foot([foot.side for foot in feet], scan)]
    return feet[0]


def _look_for(
    scan: Scan, piece: IsotropicImage, is_masked: bool, weights: Weights
) -> LocalisedFoot | None:
    """Look for a foot in one piece of tissue: coarsely, then finely along its bones."""
    intensity = scan.intensity
    if is_masked:
        own = replace(piece, values=(piece.values != 0).astype(np.float32)).on_grid(scan.grid)
        intensity = np.where(own > 0.5, intensity, np.float32(0))
    coarse = averaged(intensity, scan.grid, weights.coarse.patch.finest_mm)
    bones = _coarse_bones(coarse, _middle_mm(piece, scan.grid), weights)
    if bones is None:
        return None
    fine = averaged(intensity, scan.grid, weights.fine.patch.finest_mm)
    hands = [
        patch
        for pose in _candidate_poses(bones, weights)
        if (patch := _refitted(fine, pose, weights))
    ]
    if not hands:
        return None
    best = _converged(fine, min(hands, key=lambda patch: patch.residual_mm), weights)
    poses = best.pose, best.pose @ _little_turn()
    with ThreadPoolExecutor(len(poses)) as pool:  # a core each; neither knows of the other
        (prediction, muscles), (_, turned) = pool.map(
            lambda pose: predict_finely(weights.fine, *fine, pose), poses
        )
    change = _change(muscles, turned)
    return LocalisedFoot(prediction, muscles, best.pose, best.residual_mm, change)


def _change(muscles: Prediction, turned: Prediction) -> float:
    before, after = (float(s.probabilities[_PLANTAR].sum()) for s in (muscles, turned))
    return 2 * (after - before) / max(after + before, 1.0)


def _coarse_bones(image: _Image, middle_mm: Array, weights: Weights) -> dict[int, Array] | None:
    """Find the bones in the world, as the header says they lie or else turned by quarters."""
    best, least = None, _COARSE_RESIDUAL_MM
    for turn in _quarter_turns():
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = turn, middle_mm
        bones = predict(weights.coarse, *image, pose).bone_centres_mm(weights.centres_mm)
        if len(bones) < _LEAST_BONES:
            continue
        _, residual_mm = fit_pose(bones, weights.centres_mm)
        if residual_mm < least:
            best, least = bones, residual_mm
            if least < _GOOD_ENOUGH * _COARSE_RESIDUAL_MM:
                break
    return best


def _candidate_poses(bones: dict[int, Array], weights: Weights) -> list[Array]:
    """Lay a patch as on a right or a left foot; as on both if the bones hardly tell."""
    fits = [fit_pose(bones, weights.centres_mm, is_mirrored=hand) for hand in (False, True)]
    least_mm = min(residual_mm for _, residual_mm in fits)
    return [pose for pose, residual_mm in fits if residual_mm < _CLEARLY * least_mm]


def _refitted(image: _Image, before: Array, weights: Weights) -> _Refit | None:
    """Look finely through a patch, and lay the next along the bones that are seen."""
    bones = predict(weights.fine, *image, before).bone_centres_mm(weights.centres_mm)
    if len(bones) < _LEAST_BONES:
        return None
    is_mirrored = bool(np.linalg.det(before[:3, :3]) < 0)
    pose, residual_mm = fit_pose(bones, weights.centres_mm, is_mirrored=is_mirrored)
    return _Refit(pose, residual_mm, _moved(before, pose))


def _converged(image: _Image, patch: _Refit, weights: Weights) -> _Refit:
    """Look again until the patch rests."""
    for _ in range(_LOOKS - 1):
        if patch.moved < _MOVED:
            break
        patch = _refitted(image, patch.pose, weights) or patch
    return patch


def _little_turn() -> Array:
    turn = np.eye(4)
    axis = np.ones(3) / np.sqrt(3)
    turn[:3, :3] = Rotation.from_rotvec(TURN_DEG * axis, degrees=True).as_matrix()
    return turn


def _quarter_turns() -> Iterator[Array]:
    """Yield the 24 turns that carry axes to axes, the one that changes nothing first."""
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            turn = np.eye(3)[list(order)] * np.array(signs)
            if np.linalg.det(turn) > 0:
                yield turn


def _middle_mm(piece: IsotropicImage, grid: Grid) -> Array:
    """Give the middle of the tissue's extent, in the world."""
    points = piece.positions_mm(tissue_mask(piece))
    middle: Array = (points.min(axis=0) + points.max(axis=0)) / 2
    return grid.centre_mm + axis_directions(grid) @ middle


def _scale(pose: Array) -> float:
    return float(abs(np.linalg.det(pose[:3, :3])) ** (1 / 3))


def _moved(first: Array, second: Array) -> float:
    """Tell how far apart two poses are: largest entry, 100 mm and 1 rad being one."""
    change = np.linalg.inv(first) @ second - np.eye(4)
    change[:3, 3] /= 100.0
    return float(np.abs(change).max())


def bone_fractions_in_image(
    found: LocalisedFoot, weights: Weights, grid: Grid
) -> dict[str, float]:
    """Give the part of each bone of the pose that lies in the image."""
    ball = np.stack(np.meshgrid(*[np.linspace(-1, 1, 15)] * 3, indexing="ij"), axis=-1)
    ball = ball[(ball**2).sum(axis=-1) <= 1]
    shown = {}
    for label in _FRAME_BONES:
        points = weights.centres_mm[label] + ball * weights.half_sizes_mm[label]
        world = points @ found.pose[:3, :3].T + found.pose[:3, 3]
        index = grid.to_index(world)
        inside = ((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all(axis=1)
        shown[BONE_NAMES[label]] = float(inside.mean())
    return shown
