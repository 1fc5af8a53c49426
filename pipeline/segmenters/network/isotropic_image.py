"""An image on an isotropic lattice along its own axes, for work that counts in mm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.downsampling import block_factors, block_means

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class IsotropicImage:
    """Values on an isotropic lattice about the centre of an image.

    Parameters
    ----------
    origin_mm
        Position of the first voxel along the image's own axes, from the image's centre.
    """

    values: NDArray[np.float32]
    spacing_mm: float
    origin_mm: Array

    @classmethod
    def from_image(
        cls, values: NDArray[np.float32], spacing_mm: ArrayLike, target_mm: float
    ) -> "IsotropicImage":
        """Average fine axes down and interpolate coarse ones to an isotropic spacing."""
        spacing = np.asarray(spacing_mm, dtype=float)
        factors = block_factors(spacing, target_mm)
        steps = spacing * factors
        first = (-(np.array(values.shape) - 1) * spacing + (factors - 1) * spacing) / 2
        extent = np.array(values.shape) * spacing
        shape = np.maximum(1, np.ceil(extent / target_mm)).astype(int)
        origin = -(shape - 1) * target_mm / 2
        sampled = ndimage.affine_transform(
            block_means(values, factors),
            target_mm / steps,
            (origin - first) / steps,
            tuple(shape.tolist()),
            order=1,
            mode="nearest",
        )
        return cls(sampled, target_mm, origin)

    def positions_mm(self, mask: NDArray[np.bool_]) -> Array:
        """Give the positions of the voxels of a mask from the image's centre, (n, 3)."""
        return np.argwhere(mask) * self.spacing_mm + self.origin_mm

    def on_grid(self, grid: Grid) -> NDArray[np.float32]:
        """Interpolate linearly at the voxels of the image that the lattice was made from."""
        steps = np.array(grid.spacing_mm)
        first_mm = -(np.array(grid.shape) - 1) * steps / 2
        interpolated: NDArray[np.float32] = ndimage.affine_transform(
            self.values,
            steps / self.spacing_mm,
            (first_mm - self.origin_mm) / self.spacing_mm,
            grid.shape,
            output=np.float32,
            order=1,
            mode="nearest",
        )
        return interpolated
