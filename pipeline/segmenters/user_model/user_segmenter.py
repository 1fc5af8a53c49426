"""The segmenter around a user model."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.handedness import side_of_bones
from pipeline.segmenters.network.boundary import structure_probability
from pipeline.segmenters.network.foot_masks import candidate_masks
from pipeline.segmenters.network.isotropic_image import IsotropicImage
from pipeline.segmenters.network.prediction import Prediction
from pipeline.segmenters.network.resample_to_scan import (
    most_probable_labels,
    muscle_probability,
    refined_bones,
)
from pipeline.segmenters.network.weights import load_weights
from pipeline.segmenters.user_model.manifest import ModelManifest

_CANDIDATES_MM = 4.0  # spacing at which candidates for feet are separated
_FIRST_BONE = len(MUSCLE_NAMES)
_WHOLE_BONES = tuple(bone for bone in FRAME_BONES if bone != anatomy.TALUS)


class UserModel(Protocol):
    """A network that fits its manifest, whatever library runs it."""

    @property
    def manifest(self) -> ModelManifest:
        """What the user states about it."""
        ...

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        ...

    def predict(self, scan: Scan) -> Prediction:
        """Predict the whole scan.

        Raises
        ------
        ConfigError
            If the network does not run or does not fit its manifest.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class UserModelSegmenter:
    """Labels a scan by a user model; the side follows from the bones."""

    model: UserModel

    @property
    def name(self) -> str:
        """Kind, name and version of the network, for provenance."""
        return self.model.name

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one foot with the bones of the foot frame.
        SegmentationError
            If no muscle is found.
        ConfigError
            If the network does not run or does not fit its manifest.
        """
        _check_one_foot(scan)
        prediction = self.model.predict(scan)
        _check_whole(prediction)
        muscles, bones, probability = _labels(
            scan, prediction, is_refined=self.model.manifest.refine
        )
        if not muscles.any():
            msg = (
                f"A foot must show muscle: got none from the model {self.name!r}. Check that "
                "spacing, orientation and normalisation in its manifest are those of training."
            )
            raise SegmentationError(msg)
        bone_map = LabelMap(bones, scan.grid, BONE_NAMES)
        return Segmentation(
            LabelMap(muscles, scan.grid, MUSCLE_NAMES),
            bone_map,
            side_of_bones(bone_map),
            self.name,
            scan.cautions,
            probability,
        )


def _check_one_foot(scan: Scan) -> None:
    lattice = IsotropicImage.from_image(scan.intensity, scan.grid.spacing_mm, _CANDIDATES_MM)
    candidates = len(list(candidate_masks(lattice)))
    if candidates > 1:
        msg = (
            f"A user model must be given one foot: got {candidates} components of tissue as "
            "large as a foot. Crop the image to one foot."
        )
        raise ScanError(msg)


def _check_whole(prediction: Prediction) -> None:
    whole = prediction.bone_centres_mm(_WHOLE_BONES)
    cut = [BONE_NAMES[bone] for bone in _WHOLE_BONES if bone not in whole]
    if cut:
        msg = (
            "The model must find calcaneus, talus and metatarsals 1, 2 and 5: got not the "
            f"whole of {', '.join(cut)}. Check that the image shows one foot from heel to "
            "toes, and that the model was trained on such scans."
        )
        raise ScanError(msg)


def _labels(
    scan: Scan, prediction: Prediction, *, is_refined: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Give muscles, bones and the probability of muscle on the scan's own grid."""
    probability, muscles = muscle_probability(prediction, scan.grid)
    if not is_refined:
        labels = most_probable_labels(prediction, scan.grid)
        return (
            np.where(labels <= _FIRST_BONE, labels, 0).astype(np.uint8),
            np.where(labels > _FIRST_BONE, labels - _FIRST_BONE, 0).astype(np.uint8),
            probability,
        )
    weights = load_weights()
    probability = structure_probability(
        scan.intensity, scan.grid, probability, muscles, weights.muscle_boundary
    )
    is_muscle = probability > 0.5
    return (
        np.where(is_muscle, muscles, 0).astype(np.uint8),
        np.where(is_muscle, 0, refined_bones(prediction, scan, weights)).astype(np.uint8),
        probability,
    )
