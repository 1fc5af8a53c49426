"""An image together with its place in the world."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pipeline.domain.scan import Scan
from pipeline.segmenters.downsampling import block_factors, block_means
from pipeline.segmenters.network.patch import Array, Patch

_INSIDE = 0.99  # weight of the image


@dataclass(frozen=True, slots=True, eq=False)
class PlacedImage:
    """Intensities and where they lie.

    Parameters
    ----------
    affine
        Voxel index to world RAS in mm, 4 x 4.
    """

    values: NDArray[np.float32]
    affine: Array

    @classmethod
    def from_scan(cls, scan: Scan) -> "PlacedImage":
        """Take intensities and affine of a scan."""
        return cls(scan.intensity, scan.grid.matrix)

    def downsampled(self, target_mm: ArrayLike) -> "PlacedImage":
        """Average over blocks of voxels to about a spacing.

        Parameters
        ----------
        target_mm
            One spacing, or one for each array axis.
        """
        factors = block_factors(np.linalg.norm(self.affine[:3, :3], axis=0), target_mm)
        scaling = np.diag((*factors.astype(float), 1.0))
        scaling[:3, 3] = (factors - 1) / 2
        return PlacedImage(block_means(self.values, factors), self.affine @ scaling)

    def resampled(self, patch: Patch, pose: Array) -> NDArray[np.float32]:
        """Interpolate linearly at the voxels of a patch; outside the image it is 0.

        Parameters
        ----------
        pose
            Patch-to-world transform: mm from the centre of the patch to world RAS in mm,
            4 x 4. It may scale and mirror.
        """
        to_image = np.linalg.inv(self.affine) @ pose @ patch.affine
        resampled: NDArray[np.float32] = ndimage.affine_transform(
            self.values,
            to_image[:3, :3],
            to_image[:3, 3],
            patch.shape,
            output=np.float32,
            order=1,
            mode="grid-constant",
            cval=0.0,
        )
        return resampled

    def interior(self, patch: Patch, pose: Array) -> NDArray[np.bool_]:
        """Mark the voxels of a patch that lie in the image and not at its edge."""
        to_image = np.linalg.inv(self.affine) @ pose @ patch.affine
        weight = np.ones(patch.shape)  # of the image in the linear interpolation
        for row, length in zip(to_image[:3], self.values.shape, strict=True):
            steps = (step * np.arange(n) for step, n in zip(row[:3], patch.shape, strict=True))
            index = row[3] + sum(np.ix_(*steps))
            weight *= 1 - np.clip(np.maximum(-index, index - (length - 1)), 0, 1)
        interior: NDArray[np.bool_] = ndimage.binary_erosion(weight > _INSIDE)
        return interior
