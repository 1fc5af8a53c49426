"""Label the muscles and bones of a scan, and hold its side to what was claimed."""

from pydantic import BaseModel, field_validator

from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters import SEGMENTERS, make_segmenter
from pipeline.segmenters.atlas import Recognition, recognise_foot

STAGE = "segment"


class SegmentParams(BaseModel, frozen=True, extra="forbid"):
    """What labels the scan."""

    segmenter: str = "atlas"
    """Name of the segmenter; ``footvol info`` lists them."""

    @field_validator("segmenter")
    @classmethod
    def _known(cls, segmenter: str) -> str:
        if segmenter not in SEGMENTERS:
            msg = f"one of {', '.join(sorted(SEGMENTERS))}, got {segmenter!r}"
            raise ValueError(msg)
        return segmenter


def segment(scan: Scan, params: SegmentParams) -> Segmentation:
    """Label the muscles and bones of one foot.

    Parameters
    ----------
    scan
        Preprocessed; its side, if any, is what header, table or user claim.

    Raises
    ------
    ScanError
        If the image is not one foot, or shows the other foot than was claimed.
    ConfigError
        If there is no such segmenter.
    """
    found = make_segmenter(params.segmenter).segment(scan)
    _check_side(scan.side, found.side)
    return found


def recognise(scan: Scan) -> Recognition:
    """Tell whether a preprocessed scan shows a whole foot, and which; labels nothing.

    Raises
    ------
    ScanError
        If the image is not one foot, or shows the other foot than was claimed.
    """
    seen = recognise_foot(scan)
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
