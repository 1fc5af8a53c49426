"""The voxels of each muscle, found once and cropped to the box around them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLES, Muscle
from pipeline.domain.labels import LabelMap
from pipeline.segmenters.components import Box, indices_in_image, label_boxes

_ONE_VOXEL = (slice(0, 1),) * 3


@dataclass(frozen=True, slots=True, eq=False)
class Belly:
    """One muscle of a label map.

    Parameters
    ----------
    box
        The smallest that holds the muscle; any one voxel if the muscle is absent.
    mask
        The muscle's voxels in the box.
    """

    muscle: Muscle
    box: Box
    mask: NDArray[np.bool_]

    @property
    def where(self) -> tuple[NDArray[np.intp], ...]:
        """Indices of the voxels in the whole image, as `numpy.nonzero` gives them."""
        return indices_in_image(self.mask, self.box)


def bellies(muscles: LabelMap) -> Iterator[Belly]:
    """Give every muscle, absent ones too, in the order of the labels."""
    boxes = label_boxes(muscles)
    for muscle in MUSCLES:
        box = boxes.get(muscle.index, _ONE_VOXEL)
        yield Belly(muscle, box, muscles.voxels[box] == muscle.index)
