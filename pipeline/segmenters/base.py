"""The interface of every segmenter."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan, Side


@dataclass(frozen=True, slots=True)
class Recognition:
    """A foot that was recognised in an image, without labels.

    Parameters
    ----------
    side
        By anatomy: the big toe is medial.
    likeness
        How certain the segmenter is that this is a foot, 0 to 1.
    """

    side: Side
    likeness: float
    cautions: tuple[Caution, ...]


class Segmenter(Protocol):
    """Turns a scan into muscle and bone labels.

    The labels lie on the grid of the scan, the same scan gives the same labels, and the scan is
    not changed. `tests/contracts` checks this for every segmenter.
    """

    @property
    def name(self) -> str:
        """Name for provenance."""
        ...

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show what a measurement needs.
        SegmentationError
            If no usable label map results.
        """
        ...
