"""The onnx segmenter: a network of the user's own, behind the same promise."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.carried import likeliest, muscle_chances
from pipeline.segmenters.feet import single_feet
from pipeline.segmenters.own_model import ModelRecord, OwnModel
from pipeline.segmenters.sight import OTHER, Sight, inner
from pipeline.segmenters.tissue import refine_muscles
from pipeline.segmenters.volume import Volume, axis_directions
from pipeline.segmenters.windows import Array, Window, averaged, seen

NAME = "onnx"
_PIECES_MM = 4.0
_FIRST_BONE = len(MUSCLE_NAMES)
_WHOLE_BONES = tuple(bone for bone in FRAME_BONES if bone != anatomy.TALUS)
_CLEAR = 0.1  # of the volume that three unit vectors at right angles span
_TOWARD = {
    letter: sign * np.eye(3)[axis]
    for axis, letters in enumerate(("RL", "AP", "SI"))
    for letter, sign in zip(letters, (1.0, -1.0), strict=True)
}


@dataclass(frozen=True, slots=True, eq=False)
class OnnxSegmenter:
    """Shows the scan to the user's network and takes what it says.

    Notes
    -----
    The network sees the scan along the scan's own axes, in the order and the directions
    that its record names, at its own spacing. The side is told by the bones.
    """

    model: OwnModel

    @property
    def name(self) -> str:
        """Name and version of the network, for provenance."""
        return f"{NAME}:{self.model.record.name}-{self.model.record.version}"

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one foot, with the bones that its frame rests on.
        SegmentationError
            If nothing of a muscle was found.
        ConfigError
            If the network does not run or does not fit its record.
        """
        _check_one_foot(scan)
        sight = _look(scan, self.model)
        _check_whole(sight)
        muscles, bones = _labels(scan, sight, is_refined=self.model.record.refine)
        if not muscles.any():
            msg = (
                f"A foot must show muscle: got none from the model {self.name!r}. Check that "
                "its record tells spacing, orientation and normalisation as it was trained."
            )
            raise SegmentationError(msg)
        return Segmentation(
            LabelMap(muscles, scan.grid, MUSCLE_NAMES),
            LabelMap(bones, scan.grid, BONE_NAMES),
            side_of_bones(bones, scan.grid),
            self.name,
            scan.cautions,
        )


def side_of_bones(bones: NDArray[np.uint8], grid: Grid) -> Side:
    """Tell the side: the big toe is medial, the talus above, the toes in front.

    Raises
    ------
    ScanError
        If a bone that this rests on is missing, or the bones lie as in no foot.
    """
    missing = [BONE_NAMES[bone] for bone in FRAME_BONES if not (bones == bone).any()]
    if missing:
        raise ScanError(_unseen(missing, "no voxels of"))
    heel, ankle, first, second, fifth = (
        grid.to_world(np.argwhere(bones == bone)).mean(axis=0) for bone in FRAME_BONES
    )
    axes = np.array([fifth - first, second - heel, ankle - heel])
    turn = float(np.linalg.det(axes / np.linalg.norm(axes, axis=1, keepdims=True)))
    if abs(turn) < _CLEAR:
        msg = (
            "Bones must lie as in a foot to tell its side: got heel, toes, big toe and ankle "
            "nearly in one plane. Look at what the model labels in this scan."
        )
        raise ScanError(msg)
    return Side.RIGHT if turn > 0 else Side.LEFT


def _check_one_foot(scan: Scan) -> None:
    lattice = Volume.from_image(scan.intensity, scan.grid.spacing_mm, _PIECES_MM)
    pieces = len(list(single_feet(lattice)))
    if pieces > 1:
        msg = (
            f"An own model must be shown one foot: got {pieces} pieces of tissue as large as a "
            "foot. Crop the image to one foot."
        )
        raise ScanError(msg)


def _check_whole(sight: Sight) -> None:
    whole = sight.bone_middles_mm(_WHOLE_BONES)
    cut = [BONE_NAMES[bone] for bone in _WHOLE_BONES if bone not in whole]
    if cut:
        raise ScanError(_unseen(cut, "not the whole of"))


def _unseen(names: list[str], how: str) -> str:
    return (
        "The model must find calcaneus, talus and metatarsals 1, 2 and 5: got "
        f"{how} {', '.join(names)}. Check that the image shows one foot from heel to toes, "
        "and that the model was made for such scans."
    )


def _labels(
    scan: Scan, sight: Sight, *, is_refined: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give muscles and bones on the scan's own grid."""
    own = {label: label for label in range(1, OTHER)}
    both = likeliest(sight, scan.grid, own)
    bones = np.where(both > _FIRST_BONE, both - _FIRST_BONE, 0).astype(np.uint8)
    chances = muscle_chances(sight, scan.grid)
    if not is_refined or not chances:
        return np.where(both <= _FIRST_BONE, both, 0).astype(np.uint8), bones
    return refine_muscles(scan.intensity, scan.grid, chances, bones), bones


def _look(scan: Scan, model: OwnModel) -> Sight:
    """Let the network see the whole scan, tile by tile if its input has a size."""
    frame, shape, target_mm = _laid(scan.grid, model.record)
    whole = -shape % model.record.multiple_of + shape
    padded = np.maximum(shape, model.size) if model.size else whole
    frame[:3, 3] += frame[:3, :3] @ ((padded - shape) % 2 / 2)  # voxels stay where they were
    window = Window(tuple(padded.tolist()), 1.0)  # the frame scales by the spacing
    values, affine = averaged(scan.intensity, scan.grid, target_mm)
    shown = _normalised(seen(values, affine, window, frame), scan.intensity, model.record)
    chances = np.zeros((OTHER + 1, *window.shape), dtype=np.float32)
    for place, weight in _tiles(window.shape, model.size or window.shape):
        found = model.chances(np.ascontiguousarray(shown[place]))
        for structure, chance in zip(model.record.classes, found, strict=True):
            chances[structure][place] += chance * weight
    chances /= chances.sum(axis=0)
    return Sight(chances, window, frame, inner(values, affine, window, frame))


def _laid(grid: Grid, record: ModelRecord) -> tuple[Array, NDArray[np.int_], Array]:
    """Lay the network's axes along those of the scan.

    Returns
    -------
    frame, shape, target_mm
        Voxels about the middle to world, 4 x 4; voxels that hold the scan; the network's
        spacing along each array axis of the scan.
    """
    directions = axis_directions(grid)
    along = np.array([_TOWARD[letter] for letter in record.orientation]) @ directions
    _, own = linear_sum_assignment(-np.abs(along))
    signs = np.sign(along[np.arange(3), own])
    spacing_mm = np.array(record.spacing_mm)
    frame = np.eye(4)
    frame[:3, :3] = directions[:, own] * signs * spacing_mm
    frame[:3, 3] = grid.centre_mm
    extent_mm = (np.array(grid.shape) * np.array(grid.spacing_mm))[own]
    target_mm = np.empty(3)
    target_mm[own] = spacing_mm
    return frame, np.ceil(extent_mm / spacing_mm - 1e-6).astype(int), target_mm


def _normalised(
    shown: NDArray[np.float32], intensity: NDArray[np.float32], record: ModelRecord
) -> NDArray[np.float32]:
    """Scale brightness as the network was trained, by the scan's own voxels."""
    if record.normalisation == "none":
        return shown
    if record.normalisation == "zscore":
        zero, span = intensity.mean(dtype=float), intensity.std(dtype=float)
        scaled: NDArray[np.float32] = ((shown - zero) / span).astype(np.float32)
        return scaled
    low, high = np.percentile(intensity, record.percentiles)
    span = max(high - low, np.finfo(np.float32).tiny)
    held: NDArray[np.float32] = np.clip((shown - low) / span, 0, 1).astype(np.float32)
    return held


def _tiles(
    shape: tuple[int, ...], size: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.float32]]]:
    """Yield tiles that overlap by half or more, and weights that fall off from the middle."""
    starts = [
        np.unique(np.linspace(0, n - s, 1 + -(-2 * (n - s) // s)).astype(int))
        for n, s in zip(shape, size, strict=True)
    ]
    x, y, z = (1 - np.abs(np.linspace(-1, 1, s + 2)[1:-1]) for s in size)
    weight = (x[:, None, None] * y[:, None] * z).astype(np.float32)
    for first in product(*starts):
        yield tuple(slice(int(f), int(f) + s) for f, s in zip(first, size, strict=True)), weight
