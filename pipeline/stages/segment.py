"""Label the muscles and bones of a scan, and compare the side with the one claimed."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.handedness import side_of_bones
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.registry import make_segmenter
from pipeline.segmenters.user_model.user_segmenter import UserModel
from pipeline.settings.segment import SegmentParams

STAGE = "segment"
CORRECTED = "corrected"
_BOTH_CORRECTED = Caution(
    "corrected-muscles-and-bones",
    "Muscles and bones were labelled by hand, so no segmenter was used.",
    STAGE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """Labels corrected by hand, on the grid of the scan; None where there is no correction."""

    muscles: LabelMap | None = None
    bones: LabelMap | None = None


def segment(
    scan: Scan,
    params: SegmentParams,
    corrections: Corrections | None = None,
    model: UserModel | None = None,
    kept: Segmentation | None = None,
) -> Segmentation:
    """Label the muscles and bones of one foot.

    Parameters
    ----------
    scan
        Preprocessed; its side, if any, is the one that header, table or user claim.
    corrections
        Replace what the segmenter labels. If both maps are corrected no segmenter is used, so
        that a scan which it refuses can still be measured.
    model
        The model that `params.model` names.
    kept
        What the segmenter labelled on this scan before, so that it need not run again.

    Raises
    ------
    ScanError
        If the image is not of one foot, or shows the other foot than claimed.
    ConfigError
        If there is no such segmenter, or its model is missing or does not run.
    """
    by_hand = corrections or Corrections()
    if by_hand.muscles and by_hand.bones:
        side = side_of_bones(by_hand.bones)
        cautions = (*scan.cautions, _BOTH_CORRECTED)
        labels = Segmentation(by_hand.muscles, by_hand.bones, side, CORRECTED, cautions)
    else:
        own = kept or make_segmenter(params.segmenter, model).segment(scan)
        labels = _corrected(own, by_hand)
    _check_side(scan.side, labels.side)
    return labels


def recognise(scan: Scan) -> Recognition:
    """Recognise a whole foot and its side in a preprocessed scan, without labels.

    The network recognises it, whatever segmenter the settings name.

    Raises
    ------
    ScanError
        If the image is not of one foot, or shows the other foot than claimed.
    """
    recognition = NetworkSegmenter().recognise(scan)
    _check_side(scan.side, recognition.side)
    return recognition


def _check_side(claimed: Side | None, side: Side) -> None:
    if claimed not in {None, side}:
        msg = (
            f"Anatomy and header must agree on the side: got a {claimed} foot by header, "
            f"table or option, but a {side} one by its big toe. "
            "Find out which foot was scanned and correct the claim with --side."
        )
        raise ScanError(msg)


def _corrected(labels: Segmentation, by_hand: Corrections) -> Segmentation:
    """Replace labels by corrected ones, and state in a caution how much they differ."""
    if by_hand.muscles:
        caution = _difference("muscles", labels.muscles, by_hand.muscles, labels.segmenter)
        cautions = (*labels.cautions, caution)
        labels = replace(labels, muscles=by_hand.muscles, cautions=cautions, probability=None)
    elif by_hand.bones:
        caution = _difference("bones", labels.bones, by_hand.bones, labels.segmenter)
        side = side_of_bones(by_hand.bones)
        cautions = (*labels.cautions, caution)
        labels = replace(labels, bones=by_hand.bones, side=side, cautions=cautions)
    else:
        return labels
    return replace(labels, segmenter=f"{labels.segmenter}+{CORRECTED}")


def _difference(what: str, before: LabelMap, after: LabelMap, segmenter: str) -> Caution:
    labelled = np.count_nonzero((before.voxels > 0) | (after.voxels > 0))
    changed = np.count_nonzero(before.voxels != after.voxels)
    message = (
        f"The {what} were corrected by hand: {changed / labelled:.1%} of the labelled voxels "
        f"differ from those of {segmenter}."
    )
    return Caution(f"corrected-{what}", message, STAGE)
