"""The voxels of each muscle, found once and cropped to the box around them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES, Muscle
from pipeline.domain.labels import LabelMap

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
    box: tuple[slice, ...]
    mask: NDArray[np.bool_]

    @property
    def where(self) -> tuple[NDArray[np.intp], ...]:
        """Indices of the voxels in the whole image, as `numpy.nonzero` gives them."""
        inside = np.nonzero(self.mask)
        return tuple(at + side.start for at, side in zip(inside, self.box, strict=True))


def bellies(muscles: LabelMap) -> Iterator[Belly]:
    """Give every muscle, absent ones too, in the order of the labels."""
    boxes = ndimage.find_objects(muscles.voxels, max(m.index for m in MUSCLES))
    for muscle in MUSCLES:
        box = boxes[muscle.index - 1] or _ONE_VOXEL
        yield Belly(muscle, box, muscles.voxels[box] == muscle.index)
