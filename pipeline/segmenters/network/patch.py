"""What a network is shown: an image resampled into a patch of fixed size and place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.downsampling import block_factors, block_means

Array = NDArray[np.float64]
_AIR_SHARE = 0.1  # of the brightest, below which nothing counts as tissue
_BRIGHT = 90.0  # percentile of tissue that becomes 1
_CLIPPED = 4.0


@dataclass(frozen=True, slots=True)
class Patch:
    """Size of what a network sees, in voxels and mm; its axes are right, anterior, superior.

    Parameters
    ----------
    shape
        Multiples of 8, as the network halves the patch three times.
    spacing_mm
        Along each axis.
    split
        How many voxels the network is shown along each axis for each that it labels.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    split: tuple[int, int, int] = (1, 1, 1)

    @property
    def centring(self) -> Array:
        """Patch index to mm about the patch's middle, 4 x 4."""
        affine = np.diag((*self.spacing_mm, 1.0))
        affine[:3, 3] = -(np.array(self.shape) - 1) / 2 * self.spacing_mm
        return affine

    @property
    def input(self) -> "Patch":
        """The same box in the voxels that the network is shown."""
        x, y, z = np.multiply(self.shape, self.split).tolist()
        right, ahead, up = np.divide(self.spacing_mm, self.split).tolist()
        return Patch((x, y, z), (right, ahead, up))

    @property
    def finest_mm(self) -> float:
        """Spacing that an image is averaged down to before it is shown."""
        return min(self.input.spacing_mm)


COARSE = Patch((48, 80, 64), (4.0, 4.0, 4.0))
"""Holds a foot and some leg, however it is turned: 192 x 320 x 256 mm."""
FINE = Patch((56, 136, 64), (2.0, 2.0, 2.0), (2, 1, 2))
"""Holds a foot of mean size that lies along its axes: 112 x 272 x 128 mm. It is shown finer
across the foot, where bellies are thin; along it they are long."""


def averaged(
    intensity: NDArray[np.float32], grid: Grid, target_mm: ArrayLike
) -> tuple[NDArray[np.float32], Array]:
    """Average an image down to about a spacing, axis by axis.

    Parameters
    ----------
    target_mm
        One spacing, or one for each axis.

    Returns
    -------
    values, affine
        Index to world of the averaged image, 4 x 4.
    """
    factors = block_factors(grid.spacing_mm, target_mm)
    scaling = np.diag((*factors.astype(float), 1.0))
    scaling[:3, 3] = (factors - 1) / 2
    return block_means(intensity, factors), grid.matrix @ scaling


def seen(
    values: NDArray[np.float32], affine: Array, patch: Patch, pose: Array
) -> NDArray[np.float32]:
    """Resample an image into a patch, 0 outside the image.

    Parameters
    ----------
    affine
        Image index to world.
    pose
        Mm about the patch's middle to world, 4 x 4; may scale and mirror.
    """
    to_image = np.linalg.inv(affine) @ pose @ patch.centring
    shown: NDArray[np.float32] = ndimage.affine_transform(
        values,
        to_image[:3, :3],
        to_image[:3, 3],
        patch.shape,
        output=np.float32,
        order=1,
        mode="grid-constant",
        cval=0.0,
    )
    return shown


def scaled(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring brightness to one scale, whatever the contrast."""
    tissue = shown[shown > _AIR_SHARE * np.percentile(shown, 99.5)]
    bright = float(np.percentile(tissue, _BRIGHT)) if tissue.size else 1.0
    held: NDArray[np.float32] = np.clip(shown / np.float32(max(bright, 1e-6)), 0, _CLIPPED)
    return held
