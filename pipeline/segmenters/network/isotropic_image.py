"""An image in millimetres along its own axes, which registration works on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from pipeline.domain.grid import Grid
from pipeline.segmenters.downsampling import block_factors, block_means

Array = NDArray[np.float64]
_TOWARD = {
    letter: sign * np.eye(3)[axis]
    for axis, letters in enumerate(("RL", "AP", "SI"))
    for letter, sign in zip(letters, (1.0, -1.0), strict=True)
}


@dataclass(frozen=True, slots=True, eq=False)
class IsotropicImage:
    """Values on an isotropic lattice about the middle of an image.

    Parameters
    ----------
    origin_mm
        Position of the first voxel along the image's own axes; the image's middle is 0.
    """

    values: NDArray[np.float32]
    spacing_mm: float
    origin_mm: Array

    @classmethod
    def from_image(
        cls, values: NDArray[np.float32], spacing_mm: ArrayLike, target_mm: float
    ) -> "IsotropicImage":
        """Average an image down, and interpolate up, to an isotropic lattice."""
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
        """Positions of the voxels of a mask, shape (n, 3)."""
        return np.argwhere(mask) * self.spacing_mm + self.origin_mm

    def sample(self, points_mm: Array) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Interpolate at points; also tell which lie inside the image."""
        indices = ((points_mm - self.origin_mm) / self.spacing_mm).T
        top = np.array(self.values.shape)[:, None] - 0.5
        inside: NDArray[np.bool_] = np.all((indices > -0.5) & (indices < top), axis=0)
        values = ndimage.map_coordinates(
            self.values, indices, order=1, mode="nearest", output=np.float32
        )
        return values, inside

    def on_grid(self, grid: Grid) -> NDArray[np.float32]:
        """Interpolate at the voxels of the image that the lattice was made for."""
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

    def smoothed(self, sigma_mm: float) -> "IsotropicImage":
        """Give the volume blurred by a Gaussian."""
        sigma = sigma_mm / self.spacing_mm
        values = self.values.astype(np.float32)
        blurred = ndimage.gaussian_filter(values, sigma, mode="nearest", truncate=3.0)
        return IsotropicImage(blurred, self.spacing_mm, self.origin_mm)


def axis_directions(grid: Grid) -> Array:
    """Give unit vectors of the array axes in world space, as columns."""
    directions: Array = grid.matrix[:3, :3] / np.array(grid.spacing_mm)
    return directions


def axes_toward(grid: Grid, orientation: str) -> tuple[NDArray[np.intp], Array]:
    """Find the array axis that lies nearest to each letter of an orientation.

    Parameters
    ----------
    orientation
        One letter each of R or L, A or P, S or I: where an axis is to lead.

    Returns
    -------
    axes, signs
        Array axis for each letter, and -1 where it leads the other way.
    """
    along = np.array([_TOWARD[letter] for letter in orientation]) @ axis_directions(grid)
    _, axes = linear_sum_assignment(-np.abs(along))
    return axes, np.sign(along[np.arange(3), axes])
