"""The position of voxels in the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Affine = tuple[tuple[float, ...], ...]
# Offset between two grids that rounding in headers may cause, as a fraction of the finest
# spacing. Direction cosines or spacings of four decimals move the far corner of an image of
# 250 mm by 0.01 to 0.03 mm, 32-bit floats by a thousandth of that. A grid that was moved,
# rotated or resampled differs by more.
_ROUNDING_FRACTION = 0.1


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular lattice of voxels.

    Parameters
    ----------
    shape
        Number of voxels along the three array axes.
    affine
        Voxel index to world position, in mm, RAS+ (the NIfTI convention).
    """

    shape: tuple[int, int, int]
    affine: Affine

    @classmethod
    def from_arrays(cls, shape: Sequence[int], affine: ArrayLike) -> Self:
        """Build a grid from array-likes.

        Raises
        ------
        ValueError
            If `shape` is not three positive sizes, or `affine` is not a finite, invertible
            4 x 4 matrix whose last row is 0 0 0 1.
        """
        matrix = np.asarray(affine, dtype=float)
        if len(shape) != 3 or min(shape) < 1:
            msg = f"A grid needs three positive sizes, got {tuple(shape)}"
            raise ValueError(msg)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            msg = f"A grid needs a finite 4 x 4 affine, got {matrix.tolist()}"
            raise ValueError(msg)
        if not np.array_equal(matrix[3], (0, 0, 0, 1)):
            msg = f"A grid needs an affine that ends in 0 0 0 1, got {matrix.tolist()}"
            raise ValueError(msg)
        if np.linalg.matrix_rank(matrix[:3, :3]) < 3:
            msg = f"A grid needs an invertible affine, got {matrix.tolist()}"
            raise ValueError(msg)
        n0, n1, n2 = (int(n) for n in shape)
        return cls((n0, n1, n2), tuple(tuple(row) for row in matrix.tolist()))

    @classmethod
    def around(cls, points_mm: ArrayLike, spacing_mm: float, margin_mm: float = 0.0) -> Self:
        """Make the smallest isotropic grid along the world axes that contains all points.

        Parameters
        ----------
        points_mm
            World positions, shape (n, 3).
        margin_mm
            Added on every side.
        """
        points = np.asarray(points_mm, dtype=float)
        low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
        affine = np.diag([spacing_mm] * 3 + [1.0])
        affine[:3, 3] = low
        shape = np.ceil((high - low) / spacing_mm).astype(int) + 1
        return cls.from_arrays(shape.tolist(), affine)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The affine as a fresh array."""
        return np.array(self.affine)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, also with sheared or flipped axes."""
        return float(abs(np.linalg.det(self.matrix[:3, :3])))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between adjacent voxel centres along the three array axes."""
        s0, s1, s2 = np.linalg.norm(self.matrix[:3, :3], axis=0).tolist()
        return (s0, s1, s2)

    @property
    def fine_axes(self) -> tuple[bool, bool, bool]:
        """Whether the spacing along each axis is less than twice the finest spacing."""
        a0, a1, a2 = (s < 2 * min(self.spacing_mm) for s in self.spacing_mm)
        return (a0, a1, a2)

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """World position of the centre of the grid."""
        return self.to_world((np.array(self.shape) - 1) / 2)

    def centred(self) -> "Grid":
        """Translate the grid so that its centre is the world origin.

        A flipped storage order changes the stored origin by rounding errors. Computations on
        the centred grid give identical results for every storage order.
        """
        matrix = self.matrix
        matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(self.shape) - 1) / 2)
        return Grid.from_arrays(self.shape, matrix)

    def cropped(self, box: Sequence[slice]) -> "Grid":
        """Give the grid of a box of voxels, whose slices have start and stop."""
        matrix = self.matrix
        matrix[:3, 3] = self.to_world([side.start for side in box])
        return Grid.from_arrays([side.stop - side.start for side in box], matrix)

    def to_world(self, indices: ArrayLike) -> NDArray[np.float64]:
        """Convert voxel indices, shape (..., 3), to world positions in mm, RAS+."""
        matrix = self.matrix
        points: NDArray[np.float64] = np.asarray(indices, dtype=float) @ matrix[:3, :3].T
        return points + matrix[:3, 3]

    def to_index(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Convert world positions, shape (..., 3), to fractional voxel indices."""
        inverse = np.linalg.inv(self.matrix)
        indices: NDArray[np.float64] = np.asarray(points_mm, dtype=float) @ inverse[:3, :3].T
        return indices + inverse[:3, 3]

    def corners_mm(self) -> NDArray[np.float64]:
        """World positions of the eight outer corners of the image, shape (8, 3)."""
        edges = ((-0.5, n - 0.5) for n in self.shape)
        return self.to_world(list(product(*edges)))

    def max_offset_mm(self, other: "Grid") -> float:
        """Largest distance between corresponding corners of the two grids."""
        corners = np.array([(*c, 1) for c in product(*((0, n) for n in self.shape))])
        drift = corners @ (self.matrix - other.matrix).T
        return float(np.linalg.norm(drift[:, :3], axis=1).max())

    def matches(self, other: "Grid", tolerance_mm: float | None = None) -> bool:
        """Whether both grids put every voxel in the same place.

        Parameters
        ----------
        tolerance_mm
            Largest distance between corresponding corners. By default a tenth of the finest
            spacing, which allows for rounding in headers.
        """
        if tolerance_mm is None:
            tolerance_mm = _ROUNDING_FRACTION * min(self.spacing_mm)
        return self.shape == other.shape and self.max_offset_mm(other) <= tolerance_mm
