"""The network segmenter: trained on digital feet imaged by randomised scanners."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan
from pipeline.errors import SegmentationError
from pipeline.memory import release_memory
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.components import Mask, without_specks
from pipeline.segmenters.network.boundary import POSSIBLE, structure_probability
from pipeline.segmenters.network.fat_water import check_fat_water
from pipeline.segmenters.network.foot_masks import check_in_image
from pipeline.segmenters.network.localisation import (
    TURN_DEG,
    LocalisedFoot,
    bone_fractions_in_image,
    localise_foot,
)
from pipeline.segmenters.network.prediction import Prediction
from pipeline.segmenters.network.resample_to_scan import muscle_probability, refined_bones
from pipeline.segmenters.network.weights import Weights, load_weights
from pipeline.threads import run_both

NAME = "network"
STAGE = "segment"
USUAL_BONE_DISTANCE = 1.2
"""Distance of the bones from those of feet, in SD, that at least 95 % of feet keep within."""

_HALF = 0.5  # probability above which a voxel is muscle
_SPECK_MM3 = 50.0  # no belly is that small, and no gap within one
_GOOD_CONFIDENCE = 0.75
_MAX_STRETCH = 1.65  # of the bones along one direction, relative to another
_MAX_TURN_CHANGE = 0.05  # of the plantar muscle volume, when the patch is turned
_GOOD_OVERLAP = 0.87  # of muscle before and after the scan's intensity is considered; Dice
_MAX_GAIN = 0.06  # of the muscle volume, by the scan's intensity


@dataclass(frozen=True, slots=True)
class NetworkSegmenter:
    """Localises the foot with a coarse network and labels it with a fine one.

    Notes
    -----
    The coarse pass, at 4 mm, finds the bones. The pose of the fine patch is fitted to them: it
    is scaled to a foot of mean size, and mirrored if the bones fit a left foot better. Small
    networks then place the boundaries of muscles and bones by the scan's own intensity.

    Parameters
    ----------
    weights
        Of the networks; by default the packaged ones.
    """

    weights: Weights | None = None

    @property
    def name(self) -> str:
        """Name for provenance."""
        return NAME

    def recognise(self, scan: Scan) -> Recognition:
        """Find the foot and its side; the likeness is the confidence of the prediction.

        Raises
        ------
        ScanError
            If the image does not show one whole foot, or fat and water are swapped.
        ArtefactError
            If the weights are not those that came with the program.
        """
        foot = _whole_foot(scan, self.weights or load_weights())
        return Recognition(foot.side, foot.prediction.confidence(), _foot_cautions(foot))

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one whole foot, or fat and water are swapped.
        SegmentationError
            If no muscle is found.
        ArtefactError
            If the weights are not those that came with the program.
        """
        weights = self.weights or load_weights()
        foot = _whole_foot(scan, weights)
        (predicted, muscles, probability), bones = run_both(
            lambda: _refined_muscles(foot.muscles, scan, weights),
            lambda: refined_bones(foot.prediction.without_small_components(), scan, weights),
        )
        labels = without_specks(
            np.where(probability > _HALF, muscles, 0).astype(np.uint8), scan.grid, _SPECK_MM3
        )
        is_muscle = labels > 0
        if not is_muscle.any():
            msg = (
                "A foot must show muscle: got none from the network. "
                "Look at the image, and check that it is not fat/water swapped."
            )
            raise SegmentationError(msg)
        shifted = _shift_cautions(predicted > _HALF, is_muscle)
        return Segmentation(
            LabelMap(labels, scan.grid, MUSCLE_NAMES),
            LabelMap(np.where(is_muscle, 0, bones), scan.grid, BONE_NAMES),
            foot.side,
            NAME,
            (*scan.cautions, *_foot_cautions(foot), *shifted),
            _agreeing(probability, is_muscle),
        )


def _refined_muscles(
    prediction: Prediction, scan: Scan, weights: Weights
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Give the probability of muscle, the most probable one, and the refined probability."""
    predicted, muscles = muscle_probability(prediction.without_small_components(), scan.grid)
    probability = structure_probability(
        scan.intensity, scan.grid, predicted, muscles, weights.muscle_boundary, POSSIBLE
    )
    return predicted, muscles, probability


def _agreeing(probability: NDArray[np.float32], is_muscle: Mask) -> NDArray[np.float32]:
    """Bring the probability of removed specks down to a half, that of filled holes above it."""
    more = np.nextafter(np.float32(_HALF), np.float32(1))
    agreeing: NDArray[np.float32] = np.where(
        is_muscle, np.clip(probability, more, 1), np.clip(probability, 0, _HALF)
    )
    return agreeing


def _whole_foot(scan: Scan, weights: Weights) -> LocalisedFoot:
    release_memory()  # the predictions need more than anything before or after them
    foot = localise_foot(scan, weights)
    check_in_image(bone_fractions_in_image(foot, weights, scan.grid))
    check_fat_water(foot.prediction, scan)
    return foot


def _foot_cautions(foot: LocalisedFoot) -> tuple[Caution, ...]:
    confidence = foot.prediction.confidence()
    cautions = []
    if confidence < _GOOD_CONFIDENCE:
        message = (
            f"The network's confidence in its labels is only {confidence:.2f} (good scans "
            f"reach {_GOOD_CONFIDENCE:.2f}), so look at the labels."
        )
        cautions.append(Caution("low-certainty", message, STAGE))
    if foot.bone_distance > USUAL_BONE_DISTANCE:
        message = (
            f"The bones lie at a distance of {foot.bone_distance:.2f} SD from those of feet "
            f"(nearly all feet: at most {USUAL_BONE_DISTANCE:g} SD), so look at the labels."
        )
        cautions.append(Caution("unusual-bones", message, STAGE))
    if foot.stretch > _MAX_STRETCH:
        message = (
            f"Compared with a mean foot, the bones are stretched {foot.stretch:.2f} times as "
            f"much along one direction as along another (good scans: at most {_MAX_STRETCH:g} "
            "times), so check the voxel size in the header and look at the labels."
        )
        cautions.append(Caution("stretched-bones", message, STAGE))
    if abs(foot.turn_change) > _MAX_TURN_CHANGE:
        message = (
            f"In a patch turned by {TURN_DEG:g} degrees the network finds "
            f"{abs(foot.turn_change):.0%} {'more' if foot.turn_change > 0 else 'less'} plantar "
            f"muscle (good scans: at most {_MAX_TURN_CHANGE:.0%}), so look at the labels."
        )
        cautions.append(Caution("turn-sensitive", message, STAGE))
    return tuple(cautions)


def _shift_cautions(before: Mask, after: Mask) -> tuple[Caution, ...]:
    """Caution if the scan's intensity contradicts the network in too many voxels.

    Notes
    -----
    Muscle that it takes away is mostly fat that was called muscle; muscle that it adds says
    that there is more to be found.
    """
    overlap = 2 * np.count_nonzero(before & after) / max(1, before.sum() + after.sum())
    gain = after.sum() / max(1, before.sum()) - 1
    if overlap >= _GOOD_OVERLAP and gain <= _MAX_GAIN:
        return ()
    message = (
        f"By the scan's intensity there is {abs(gain):.0%} {'more' if gain > 0 else 'less'} "
        f"muscle than by the network alone, and the two overlap by a Dice of {overlap:.2f} "
        f"(good scans: at most {_MAX_GAIN:.0%} more, and at least {_GOOD_OVERLAP:g}), "
        "so look at the labels."
    )
    return (Caution("brightness-differs", message, STAGE),)
