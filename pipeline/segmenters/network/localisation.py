"""Where the foot lies that a network is to label: found coarsely, then laid along its bones."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, PLANTAR_LABELS
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.foot_masks import (
    foot_asked_for,
    single_feet,
    tissue_mask,
    without_others,
)
from pipeline.segmenters.network.isotropic_image import Volume, axis_directions
from pipeline.segmenters.network.patch import Array, averaged, fit_frame
from pipeline.segmenters.network.prediction import Sight, look, look_closely
from pipeline.segmenters.network.weights import Weights

TURN_DEG = 10.0
"""How far the window is turned to see whether that changes what is found."""

_PIECES_MM = 4.0
_LEAST_BONES = 6  # of the twelve that the window is laid by, seen whole
_COARSE_RESIDUAL_MM = 15.0
_GOOD_ENOUGH = 0.75  # of what the coarse bones may be off, and no other turn is tried
_CLEARLY = 2.0  # times the better hand's residual, where the wrong one has four times it
_MOVED = 0.06  # of the frame between two looks: less, and the window rests
_LOOKS = 3
_FINE_RESIDUAL_MM = 6.0
_LEAST_CERTAINTY = 0.6
_SIZE_RANGE = (0.6, 1.5)  # of a foot relative to one of mean proportions
_FRAME_BONES = (
    anatomy.CALCANEUS,
    anatomy.METATARSAL_1,
    anatomy.METATARSAL_2,
    anatomy.METATARSAL_5,
)

_Image = tuple[NDArray[np.float32], Array]  # and its index to world


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A foot: what the fine network sees, and how well its bones fit those of a foot.

    Parameters
    ----------
    change
        How much more plantar muscle a window that was turned a little shows, as a part of the
        mean of both.
    """

    sight: Sight
    muscles: Sight
    frame: Array
    residual_mm: float
    change: float

    @property
    def side(self) -> Side:
        """By which hand the bones fit."""
        return Side.RIGHT if np.linalg.det(self.frame[:3, :3]) > 0 else Side.LEFT

    @property
    def is_foot(self) -> bool:
        """Whether bones, certainty and size are those of a foot."""
        low, high = _SIZE_RANGE
        return (
            self.residual_mm <= _FINE_RESIDUAL_MM
            and self.sight.certainty() >= _LEAST_CERTAINTY
            and low < _scale(self.frame) < high
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """A window along the bones that were seen through another, `moved` away from it."""

    frame: Array
    residual_mm: float
    moved: float


def find_foot(scan: Scan, weights: Weights) -> Found:
    """Find the one foot that is asked for.

    Raises
    ------
    ScanError
        If there is no foot, or more than one and no side is claimed.
    """
    lattice = Volume.from_image(scan.intensity, scan.grid.spacing_mm, _PIECES_MM)
    pieces = list(single_feet(lattice))
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
        return feet[foot_asked_for([foot.side for foot in feet], scan)]
    return feet[0]


def _look_for(scan: Scan, piece: Volume, is_masked: bool, weights: Weights) -> Found | None:
    """Look for a foot in one piece of tissue: coarsely, then finely along its bones."""
    intensity = scan.intensity
    if is_masked:
        own = replace(piece, values=(piece.values != 0).astype(np.float32)).on_grid(scan.grid)
        intensity = np.where(own > 0.5, intensity, np.float32(0))
    coarse = averaged(intensity, scan.grid, weights.coarse.window.finest_mm)
    bones = _coarse_bones(coarse, _middle_mm(piece, scan.grid), weights)
    if bones is None:
        return None
    fine = averaged(intensity, scan.grid, weights.fine.window.finest_mm)
    hands = [
        window
        for frame in _likely_frames(bones, weights)
        if (window := _laid(fine, frame, weights))
    ]
    if not hands:
        return None
    best = _rested(fine, min(hands, key=lambda window: window.residual_mm), weights)
    frames = best.frame, best.frame @ _little_turn()
    with ThreadPoolExecutor(len(frames)) as pool:  # a core each; neither knows of the other
        (sight, muscles), (_, turned) = pool.map(
            lambda frame: look_closely(weights.fine, *fine, frame), frames
        )
    change = _change(muscles, turned)
    return Found(sight, muscles, best.frame, best.residual_mm, change)


def _change(muscles: Sight, turned: Sight) -> float:
    before, after = (float(s.chances[list(PLANTAR_LABELS)].sum()) for s in (muscles, turned))
    return 2 * (after - before) / max(after + before, 1.0)


def _coarse_bones(image: _Image, middle_mm: Array, weights: Weights) -> dict[int, Array] | None:
    """Find the bones in the world, as the header says they lie or else turned by quarters."""
    best, least = None, _COARSE_RESIDUAL_MM
    for turn in _quarter_turns():
        frame = np.eye(4)
        frame[:3, :3], frame[:3, 3] = turn, middle_mm
        bones = look(weights.coarse, *image, frame).bone_middles_mm(weights.middles_mm)
        if len(bones) < _LEAST_BONES:
            continue
        _, residual_mm = fit_frame(bones, weights.middles_mm)
        if residual_mm < least:
            best, least = bones, residual_mm
            if least < _GOOD_ENOUGH * _COARSE_RESIDUAL_MM:
                break
    return best


def _likely_frames(bones: dict[int, Array], weights: Weights) -> list[Array]:
    """Lay a window as on a right or a left foot; as on both if the bones hardly tell."""
    fits = [fit_frame(bones, weights.middles_mm, is_mirrored=hand) for hand in (False, True)]
    least_mm = min(residual_mm for _, residual_mm in fits)
    return [frame for frame, residual_mm in fits if residual_mm < _CLEARLY * least_mm]


def _laid(image: _Image, before: Array, weights: Weights) -> _Laid | None:
    """Look finely through a window, and lay the next along the bones that are seen."""
    bones = look(weights.fine, *image, before).bone_middles_mm(weights.middles_mm)
    if len(bones) < _LEAST_BONES:
        return None
    is_mirrored = bool(np.linalg.det(before[:3, :3]) < 0)
    frame, residual_mm = fit_frame(bones, weights.middles_mm, is_mirrored=is_mirrored)
    return _Laid(frame, residual_mm, _moved(before, frame))


def _rested(image: _Image, window: _Laid, weights: Weights) -> _Laid:
    """Look again until the window rests."""
    for _ in range(_LOOKS - 1):
        if window.moved < _MOVED:
            break
        window = _laid(image, window.frame, weights) or window
    return window


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


def _middle_mm(piece: Volume, grid: Grid) -> Array:
    """Give the middle of the tissue's extent, in the world."""
    points = piece.positions_mm(tissue_mask(piece))
    middle: Array = (points.min(axis=0) + points.max(axis=0)) / 2
    return grid.centre_mm + axis_directions(grid) @ middle


def _scale(frame: Array) -> float:
    return float(abs(np.linalg.det(frame[:3, :3])) ** (1 / 3))


def _moved(first: Array, second: Array) -> float:
    """Tell how far apart two frames are: largest entry, 100 mm and 1 rad being one."""
    change = np.linalg.inv(first) @ second - np.eye(4)
    change[:3, 3] /= 100.0
    return float(np.abs(change).max())


def shown_bones(found: Found, weights: Weights, grid: Grid) -> dict[str, float]:
    """Give the part of each bone of the frame that lies in the image."""
    ball = np.stack(np.meshgrid(*[np.linspace(-1, 1, 15)] * 3, indexing="ij"), axis=-1)
    ball = ball[(ball**2).sum(axis=-1) <= 1]
    shown = {}
    for label in _FRAME_BONES:
        points = weights.middles_mm[label] + ball * weights.half_sizes_mm[label]
        world = points @ found.frame[:3, :3].T + found.frame[:3, 3]
        index = grid.to_index(world)
        inside = ((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all(axis=1)
        shown[BONE_NAMES[label]] = float(inside.mean())
    return shown
