"""The promise that every segmenter keeps."""

from typing import Protocol

from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan


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
