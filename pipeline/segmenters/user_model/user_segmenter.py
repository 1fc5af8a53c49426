"""A network of the user's own, behind the same promise as every segmenter."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.network.boundary import structure_probability
from pipeline.segmenters.network.foot_masks import single_feet
from pipeline.segmenters.network.isotropic_image import Volume
from pipeline.segmenters.network.prediction import Sight
from pipeline.segmenters.network.resample_to_scan import likeliest, muscle_chance, refined_bones
from pipeline.segmenters.network.weights import load_weights
from pipeline.segmenters.user_model.manifest import ModelRecord

_PIECES_MM = 4.0
_FIRST_BONE = len(MUSCLE_NAMES)
_WHOLE_BONES = tuple(bone for bone in FRAME_BONES if bone != anatomy.TALUS)
_CLEAR = 0.1  # of the volume that three unit vectors at right angles span


class OwnModel(Protocol):
    """A network that was held to its record, whatever runs it."""

    @property
    def record(self) -> ModelRecord:
        """What is known of it."""
        ...

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        ...

    def look(self, scan: Scan) -> Sight:
        """See the whole scan.

        Raises
        ------
        ConfigError
            If the network does not run or does not fit its record.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OwnSegmenter:
    """Shows the scan to the user's network and takes what it says.

    Notes
    -----
    The side is told by the bones.
    """

    model: OwnModel

    @property
    def name(self) -> str:
        """Kind, name and version of the network, for provenance."""
        return self.model.name

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
        sight = self.model.look(scan)
        _check_whole(sight)
        muscles, bones, probability = _labels(scan, sight, is_refined=self.model.record.refine)
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
            np.clip(probability, 0, 1),
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
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Give muscles, bones and the probability of muscle on the scan's own grid."""
    probability, muscles = muscle_chance(sight, scan.grid)
    if not is_refined:
        both = likeliest(sight, scan.grid)
        return (
            np.where(both <= _FIRST_BONE, both, 0).astype(np.uint8),
            np.where(both > _FIRST_BONE, both - _FIRST_BONE, 0).astype(np.uint8),
            probability,
        )
    weights = load_weights()
    probability = structure_probability(
        scan.intensity, scan.grid, probability, muscles, weights.muscle_border
    )
    is_muscle = probability > 0.5
    return (
        np.where(is_muscle, muscles, 0).astype(np.uint8),
        np.where(is_muscle, 0, refined_bones(sight, scan, weights)).astype(np.uint8),
        probability,
    )
