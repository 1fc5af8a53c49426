"""The promise that every segmenter keeps."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan, Side


@dataclass(frozen=True, slots=True)
class Recognition:
    """A foot that was found in an image.

    Parameters
    ----------
    side
        By anatomy: the big toe is medial.
    likeness
        To the feet that the segmenter knows, 0 to 1.
    """

    side: Side
    likeness: float
    cautions: tuple[Caution, ...]


class Segmenter(Protocol):
    """Anything that turns a scan into muscle and bone labels.

    A segmenter gives labels on the grid of the scan, gives the same labels for
    the same scan, and leaves the scan as it was. `tests/contracts` holds every
    entry of `SEGMENTERS` to these three.
    """

    @property
    def name(self) -> str:
        """Name that provenance records."""
        ...

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show what a measurement needs.
        SegmentationError
            If no usable label map could be made.
        """
        ...
