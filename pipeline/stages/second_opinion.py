"""What another segmenter says of the same scan: where two disagree, one is wrong."""

import numpy as np

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError, SegmentationError
from pipeline.segmenters.base import Segmenter

STAGE = "segment"
# Development feet: the seven that the atlas labelled with a Dice of 0.9 and a total within 7 %
# agree with the network by 0.928 and 4.1 % at the least; none of the seven others does.
_LEAST_DICE = 0.91
_MOST_VOLUME = 0.07  # of the mean of both


def second_opinion(found: Segmentation, scan: Scan, other: Segmenter) -> tuple[Caution, ...]:
    """Compare the plantar muscles with those that another segmenter finds.

    Returns
    -------
    tuple of Caution
        Empty where both agree.
    """
    try:
        rival = other.segment(scan)
    except (ScanError, SegmentationError) as error:
        reason = str(error).split(". ", maxsplit=1)[0]
        message = f"{other.name} refuses this scan, so look at the labels: {reason}."
        return (Caution("second-opinion-refuses", message, STAGE),)
    if rival.side is not found.side:
        message = f"{other.name} finds a {rival.side} foot, so look at the labels."
        return (Caution("second-opinion-differs", message, STAGE),)
    ours, theirs = (np.isin(s.muscles.voxels, PLANTAR_LABELS) for s in (found, rival))
    sizes = np.count_nonzero(ours), np.count_nonzero(theirs)
    mean = max(sum(sizes) / 2, 1)
    dice = np.count_nonzero(ours & theirs) / mean
    larger = (sizes[0] - sizes[1]) / mean
    if dice >= _LEAST_DICE and abs(larger) <= _MOST_VOLUME:
        return ()
    message = (
        f"{other.name} agrees by a Dice of {dice:.2f} only, and by it the plantar muscles are "
        f"{abs(larger):.0%} {'smaller' if larger > 0 else 'larger'} (good scans: "
        f"{_LEAST_DICE:.2f} and {_MOST_VOLUME:.0%}), so look at the labels."
    )
    return (Caution("second-opinion-differs", message, STAGE),)
