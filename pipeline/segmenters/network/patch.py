"""The box that a network is applied to, and the intensity scale of its input."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_AIR_FRACTION = 0.1  # of the brightest; voxels below it do not count as tissue
_BRIGHT_PERCENTILE = 90.0  # of tissue; it becomes 1
_MAX_INTENSITY = 4.0


@dataclass(frozen=True, slots=True)
class Patch:
    """Size of a box in voxels and mm, with axes to the right, anterior and superior.

    Parameters
    ----------
    shape
        Multiples of 8, as the network halves the patch three times.
    spacing_mm
        Along each axis.
    split
        Voxels of the network's input for each voxel of its output, along each axis.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    split: tuple[int, int, int] = (1, 1, 1)

    @property
    def affine(self) -> Array:
        """Voxel index to mm from the centre of the patch, 4 x 4."""
        affine = np.diag((*self.spacing_mm, 1.0))
        affine[:3, 3] = -(np.array(self.shape) - 1) / 2 * self.spacing_mm
        return affine

    @property
    def input(self) -> "Patch":
        """The same box in the voxels of the network's input."""
        n0, n1, n2 = np.multiply(self.shape, self.split).tolist()
        s0, s1, s2 = np.divide(self.spacing_mm, self.split).tolist()
        return Patch((n0, n1, n2), (s0, s1, s2))

    @property
    def finest_mm(self) -> float:
        """Finest spacing of the network's input; images are downsampled to it first."""
        return min(self.input.spacing_mm)


COARSE = Patch((48, 80, 64), (4.0, 4.0, 4.0))
"""Holds a foot and part of the leg in any orientation: 192 x 320 x 256 mm."""
FINE = Patch((56, 136, 64), (2.0, 2.0, 2.0), (2, 1, 2))
"""Holds a foot of mean size along its own axes: 112 x 272 x 128 mm. The input is finer across
the foot, where bellies are thin, than along it, where they are long."""


def with_scaled_intensity(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale intensities so that bright tissue becomes 1, and clip them at 4."""
    tissue = image[image > _AIR_FRACTION * np.percentile(image, 99.5)]
    bright = float(np.percentile(tissue, _BRIGHT_PERCENTILE)) if tissue.size else 1.0
    scaled: NDArray[np.float32] = np.clip(
        image / np.float32(max(bright, 1e-6)), 0, _MAX_INTENSITY
    )
    return scaled
