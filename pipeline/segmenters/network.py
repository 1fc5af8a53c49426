"""The network segmenter: learnt from digital feet, seen through scanners drawn at random."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.carried import likeliest, muscle_chances
from pipeline.segmenters.feet import (
    check_shown,
    foot_asked_for,
    single_feet,
    tissue_mask,
    without_others,
)
from pipeline.segmenters.posterior import label_muscles
from pipeline.segmenters.sight import Sight, look
from pipeline.segmenters.volume import Volume, axis_directions
from pipeline.segmenters.weights import Weights, load_weights
from pipeline.segmenters.windows import Array, averaged, fit_frame

NAME = "network"
STAGE = "segment"
_PIECES_MM = 4.0
_LEAST_BONES = 6  # of the twelve that the window is laid by, seen whole
_COARSE_RESIDUAL_MM = 15.0
_FINE_RESIDUAL_MM = 6.0
_GOOD_RESIDUAL_MM = 4.0
_LEAST_CERTAINTY = 0.6
_GOOD_CERTAINTY = 0.75
_SIZE_RANGE = (0.6, 1.5)  # of a foot relative to one of mean proportions
_MOVED = 0.06  # of the frame between two looks: less, and the window rests
_LOOKS = 3
_GOOD_ENOUGH = 0.75  # of what the coarse bones may be off, and no other turn is tried
_BONE_CLASSES = {label + len(MUSCLE_NAMES): label for label in BONE_NAMES}
_FRAME_BONES = (
    anatomy.CALCANEUS,
    anatomy.METATARSAL_1,
    anatomy.METATARSAL_2,
    anatomy.METATARSAL_5,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A foot: what the fine network sees, and how well its bones fit those of a foot."""

    sight: Sight
    frame: Array
    residual_mm: float

    @property
    def side(self) -> Side:
        return Side.RIGHT if np.linalg.det(self.frame[:3, :3]) > 0 else Side.LEFT

    @property
    def is_foot(self) -> bool:
        low, high = _SIZE_RANGE
        return (
            self.residual_mm <= _FINE_RESIDUAL_MM
            and self.sight.certainty() >= _LEAST_CERTAINTY
            and low < _scale(self.frame) < high
        )


@dataclass(frozen=True, slots=True)
class NetworkSegmenter:
    """Sees the foot twice: coarsely to find it, finely to label it.

    Notes
    -----
    The coarse pass, 4 mm, finds the bones; the window of the fine pass, 2 mm, is laid along
    them, scaled to a foot of mean size, as if it were a right foot and, mirrored, as if it
    were a left one. The bones of the true side fit those of a foot better. Muscle borders
    come from the scan's own brightness.
    """

    @property
    def name(self) -> str:
        """Name that provenance records."""
        return NAME

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one whole foot.
        SegmentationError
            If nothing of a muscle was found.
        ArtefactError
            If the weights are not those that came with the program.
        """
        weights = load_weights()
        found = _find_foot(scan, weights)
        check_shown(_shown(found, weights, scan.grid))
        sight = found.sight.without_strays()
        bones = likeliest(sight, scan.grid, _BONE_CLASSES)
        chances = muscle_chances(sight, scan.grid)
        if not chances:
            msg = (
                "A foot must show muscle: got none from the network. "
                "Look at the image, and check that it is not fat/water swapped."
            )
            raise SegmentationError(msg)
        muscles = label_muscles(scan.intensity, scan.grid, chances, bones)
        return Segmentation(
            LabelMap(muscles, scan.grid, MUSCLE_NAMES),
            LabelMap(bones, scan.grid, BONE_NAMES),
            found.side,
            NAME,
            (*scan.cautions, *_doubts(found)),
        )


def _find_foot(scan: Scan, weights: Weights) -> _Found:
    """Find the one foot that is asked for."""
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


def _look_for(scan: Scan, piece: Volume, is_masked: bool, weights: Weights) -> _Found | None:
    """Look for a foot in one piece of tissue: coarsely, then finely as right and as left."""
    intensity = scan.intensity
    if is_masked:
        own = replace(piece, values=(piece.values != 0).astype(np.float32)).on_grid(scan.grid)
        intensity = np.where(own > 0.5, intensity, np.float32(0))
    coarse = averaged(intensity, scan.grid, weights.coarse.window.spacing_mm)
    bones = _coarse_bones(coarse, _middle_mm(piece, scan.grid), weights)
    if bones is None:
        return None
    fine = averaged(intensity, scan.grid, weights.fine.window.spacing_mm)
    right, left = (_settled(fine, bones, weights, is_mirrored=hand) for hand in (False, True))
    if right is None or left is None:
        return right or left
    return min((right, left), key=lambda foot: foot.residual_mm)


def _coarse_bones(
    image: tuple[NDArray[np.float32], Array], middle_mm: Array, weights: Weights
) -> dict[int, Array] | None:
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


def _settled(
    image: tuple[NDArray[np.float32], Array],
    bones: dict[int, Array],
    weights: Weights,
    *,
    is_mirrored: bool,
) -> _Found | None:
    """Look finely, as at a right or a left foot, until the window rests."""
    frame, _ = fit_frame(bones, weights.middles_mm, is_mirrored=is_mirrored)
    found = None
    for _ in range(_LOOKS):
        sight = look(weights.fine, *image, frame)
        seen_bones = sight.bone_middles_mm(weights.middles_mm)
        if len(seen_bones) < _LEAST_BONES:
            return found
        before = frame
        frame, residual_mm = fit_frame(seen_bones, weights.middles_mm, is_mirrored=is_mirrored)
        found = _Found(sight, frame, residual_mm)
        if _moved(before, frame) < _MOVED:
            break
    return found


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


def _shown(found: _Found, weights: Weights, grid: Grid) -> dict[str, float]:
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


def _doubts(found: _Found) -> tuple[Caution, ...]:
    certainty = found.sight.certainty()
    cautions = []
    if certainty < _GOOD_CERTAINTY:
        message = (
            f"The network is sure of its labels by {certainty:.2f} only (good scans reach "
            f"{_GOOD_CERTAINTY:.2f}), so look at the labels."
        )
        cautions.append(Caution("low-certainty", message, STAGE))
    if found.residual_mm > _GOOD_RESIDUAL_MM:
        message = (
            f"The bones lie {found.residual_mm:.1f} mm off those of any foot "
            f"(good scans stay below {_GOOD_RESIDUAL_MM:.1f} mm), so look at the labels."
        )
        cautions.append(Caution("unusual-bones", message, STAGE))
    return tuple(cautions)
