"""Removal of small components of muscle, which tendons and bones have cut off."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import remove_small_objects

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Tissue

_SMALLEST_MM3 = 60.0  # smaller than the head of any muscle


def remove_small_components(
    tissues: NDArray[np.uint8], muscles: NDArray[np.uint8], spacing_mm: float
) -> None:
    """Replace connected components of a muscle below 60 mm3 by fat, in place."""
    largest = math.ceil(_SMALLEST_MM3 / spacing_mm**3) - 1  # voxels of a component to remove
    boxes = ndimage.find_objects(muscles, max_label=len(MUSCLE_NAMES))
    for label, box in enumerate(boxes, start=1):
        if box is None:
            continue
        is_muscle = muscles[box] == label
        is_small = is_muscle & ~remove_small_objects(is_muscle, max_size=largest)
        tissues[box][is_small] = Tissue.FAT
        muscles[box][is_small] = 0
