"""Label the muscles and bones of a scan, and hold its side to what was claimed."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from pydantic import BaseModel, field_validator, model_validator

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters import USER_MODELS, make_segmenter, segmenter_names
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.user_model.user_segmenter import UserModel
from pipeline.stages.regions.find_landmarks import find_landmarks

STAGE = "segment"
CORRECTED = "corrected"
_BOTH_BY_HAND = Caution(
    "corrected-muscles-and-bones",
    "Muscles and bones were given by hand, so no segmenter was asked.",
    STAGE,
)


class SegmentParams(BaseModel, frozen=True, extra="forbid"):
    """What labels the scan."""

    segmenter: str = "network"
    """Name of the segmenter; ``footvol info`` lists them."""
    model: str | None = None
    """Record of a model of your own, a TOML file; for ``onnx`` and ``nnunet`` only."""

    @field_validator("segmenter")
    @classmethod
    def _known(cls, segmenter: str) -> str:
        if segmenter not in segmenter_names():
            msg = f"one of {', '.join(sorted(segmenter_names()))}, got {segmenter!r}"
            raise ValueError(msg)
        return segmenter

    @model_validator(mode="after")
    def _model_is_used(self) -> Self:
        if (self.segmenter in USER_MODELS) != (self.model is not None):
            got = f"segmenter {self.segmenter!r} with model {self.model!r}"
            msg = (
                f"a model goes with the segmenters {' and '.join(USER_MODELS)} alone, got {got}"
            )
            raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """Labels that somebody made by hand, on the grid of the scan; None where nobody did."""

    muscles: LabelMap | None = None
    bones: LabelMap | None = None


def segment(
    scan: Scan,
    params: SegmentParams,
    corrections: Corrections | None = None,
    model: UserModel | None = None,
) -> Segmentation:
    """Label the muscles and bones of one foot.

    Parameters
    ----------
    scan
        Preprocessed; its side, if any, is what header, table or user claim.
    corrections
        Stand in place of what the segmenter finds; where both maps are corrected it is not
        asked at all, so that a scan it refuses can still be measured.
    model
        What `params.model` names, read.

    Raises
    ------
    ScanError
        If the image is not one foot, or shows the other foot than was claimed.
    ConfigError
        If there is no such segmenter, or its model is missing or does not run.
    """
    by_hand = corrections or Corrections()
    if by_hand.muscles and by_hand.bones:
        side = _side_of(by_hand.bones)
        cautions = (*scan.cautions, _BOTH_BY_HAND)
        found = Segmentation(by_hand.muscles, by_hand.bones, side, CORRECTED, cautions)
    else:
        found = make_segmenter(params.segmenter, model).segment(scan)
        found = _corrected(found, by_hand)
    _check_side(scan.side, found.side)
    return found


def recognise(scan: Scan) -> Recognition:
    """Tell whether a preprocessed scan shows a whole foot, and which; labels nothing.

    A model of the user's own is not asked: the network stands in for it.

    Raises
    ------
    ScanError
        If the image is not one foot, or shows the other foot than was claimed.
    """
    seen = NetworkSegmenter().recognise(scan)
    _check_side(scan.side, seen.side)
    return seen


def _check_side(claimed: Side | None, found: Side) -> None:
    if claimed not in {None, found}:
        msg = (
            f"Anatomy and header must agree on the side: got a {claimed} foot by header, "
            f"table or option, but a {found} one by its big toe. "
            "Find out which foot was scanned and correct the claim with --side."
        )
        raise ScanError(msg)


def _corrected(found: Segmentation, by_hand: Corrections) -> Segmentation:
    """Put corrected labels in place of those found, and say how far they differ."""
    if by_hand.muscles:
        caution = _difference("muscles", found.muscles, by_hand.muscles, found.segmenter)
        cautions = (*found.cautions, caution)
        found = replace(found, muscles=by_hand.muscles, cautions=cautions, probability=None)
    elif by_hand.bones:
        caution = _difference("bones", found.bones, by_hand.bones, found.segmenter)
        side = _side_of(by_hand.bones)
        cautions = (*found.cautions, caution)
        found = replace(found, bones=by_hand.bones, side=side, cautions=cautions)
    else:
        return found
    return replace(found, segmenter=f"{found.segmenter}+{CORRECTED}")


def _difference(what: str, found: LabelMap, by_hand: LabelMap, segmenter: str) -> Caution:
    labelled = np.count_nonzero((found.voxels > 0) | (by_hand.voxels > 0))
    changed = np.count_nonzero(found.voxels != by_hand.voxels)
    message = (
        f"The {what} were corrected by hand: {changed / labelled:.1%} of the labelled voxels "
        f"differ from those of {segmenter}."
    )
    return Caution(f"corrected-{what}", message, STAGE)


def _side_of(bones: LabelMap) -> Side:
    """Tell the side from bones: lateral, toes and dorsum turn the right way round."""
    frame = find_landmarks(bones, border="tmt1").frame
    turn = np.linalg.det(np.array((frame.lateral, frame.long, frame.dorsal)))
    return Side.RIGHT if turn > 0 else Side.LEFT
