"""Bits of muscle that tendons and bones have cut off."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Tissue

_SPECK_MM3 = 60.0  # smaller than any head of a muscle


def drop_specks(
    tissues: NDArray[np.uint8], muscles: NDArray[np.uint8], spacing_mm: float
) -> None:
    """Turn every part of a muscle that is smaller than any head into fat."""
    boxes = ndimage.find_objects(muscles, max_label=len(MUSCLE_NAMES))
    for label, box in enumerate(boxes, start=1):
        if box is None:
            continue
        parts, _ = ndimage.label(muscles[box] == label)
        is_speck = np.bincount(parts.ravel()) * spacing_mm**3 < _SPECK_MM3
        is_speck[0] = False
        specks = is_speck[parts]
        tissues[box][specks] = Tissue.FAT
        muscles[box][specks] = 0
