"""The network segmenter: trained on digital feet imaged by randomised scanners."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan
from pipeline.errors import SegmentationError
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.network.boundary import structure_probability
from pipeline.segmenters.network.fat_water import check_fat_water
from pipeline.segmenters.network.foot_masks import check_in_image
from pipeline.segmenters.network.localisation import (
    TURN_DEG,
    LocalisedFoot,
    bone_fractions_in_image,
    localise_foot,
)
from pipeline.segmenters.network.resample_to_scan import muscle_probability, refined_bones
from pipeline.segmenters.network.weights import load_weights

NAME = "network"
STAGE = "segment"
USUAL_BONE_DISTANCE = 1.2
"""Distance of the bones from those of feet, in SD, that at least 95 % of feet keep within."""

_GOOD_CONFIDENCE = 0.75
_MAX_STRETCH = 1.65  # of the bones along one direction, relative to another
_MAX_TURN_CHANGE = 0.05  # of the plantar muscle volume, when the patch is turned
_MAX_SHIFT = 0.05  # of the muscle volume, by the scan's intensity


@dataclass(frozen=True, slots=True)
class NetworkSegmenter:
    """Localises the foot with a coarse network and labels it with a fine one.

    Notes
    -----
    The coarse pass, at 4 mm, finds the bones. The pose of the fine patch is fitted to them: it
    is scaled to a foot of mean size, and mirrored if the bones fit a left foot better. Small
    networks then place the boundaries of muscles and bones by the scan's own intensity.
    """

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
        foot = _whole_foot(scan)
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
        foot = _whole_foot(scan)
        weights = load_weights()
        with ThreadPoolExecutor(1) as pool:  # bones on the other core
            pending = pool.submit(
                lambda: refined_bones(foot.prediction.without_small_components(), scan, weights)
            )
            predicted, muscles = muscle_probability(
                foot.muscles.without_small_components(), scan.grid
            )
            probability = structure_probability(
                scan.intensity, scan.grid, predicted, muscles, weights.muscle_boundary
            )
            bones = pending.result()
        is_muscle = probability > 0.5
        if not is_muscle.any():
            msg = (
                "A foot must show muscle: got none from the network. "
                "Look at the image, and check that it is not fat/water swapped."
            )
            raise SegmentationError(msg)
        shifted = _shift_cautions(int(is_muscle.sum()), int((predicted > 0.5).sum()))
        return Segmentation(
            LabelMap(np.where(is_muscle, muscles, 0), scan.grid, MUSCLE_NAMES),
            LabelMap(np.where(is_muscle, 0, bones), scan.grid, BONE_NAMES),
            foot.side,
            NAME,
            (*scan.cautions, *_foot_cautions(foot), *shifted),
            np.clip(probability, 0, 1),
        )


def _whole_foot(scan: Scan) -> LocalisedFoot:
    weights = load_weights()
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


def _shift_cautions(refined: int, predicted: int) -> tuple[Caution, ...]:
    """Caution if refining the boundaries changes the number of muscle voxels too much."""
    shift = refined / max(predicted, 1) - 1
    if abs(shift) <= _MAX_SHIFT:
        return ()
    message = (
        f"By the scan's intensity there is {abs(shift):.0%} {'more' if shift > 0 else 'less'} "
        f"muscle than by the network alone (good scans: at most {_MAX_SHIFT:.0%}), "
        "so look at the labels."
    )
    return (Caution("brightness-differs", message, STAGE),)
