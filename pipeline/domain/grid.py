"""Where voxels sit."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Affine = tuple[tuple[float, ...], ...]
# How far two grids may lie apart by what headers round, as a part of the finest voxel edge.
# Direction cosines or spacings of four decimals move the far corner of a foot of 250 mm by
# 0.01 to 0.03 mm, 32-bit floats by a thousandth of that. A voxel so little aside shares nine
# tenths of its edge with its own; a grid that was moved, turned or resampled is off by more.
ROUNDING_PART = 0.1


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular lattice of voxels.

    Parameters
    ----------
    shape
        Voxels along the three array axes.
    affine
        Voxel index to world position, in mm, RAS+ (the NIfTI convention).
    """

    shape: tuple[int, int, int]
    affine: Affine

    @classmethod
    def from_arrays(cls, shape: Sequence[int], affine: ArrayLike) -> Self:
        """Build from anything array-like, refusing what is not a lattice.

        Raises
        ------
        ValueError
            If `shape` is not three positive sizes, or `affine` is not an
            invertible 4 x 4 matrix.
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
        """Make an isotropic grid, axes along the world's, that holds all points.

        Parameters
        ----------
        points_mm
            World positions, shape (n, 3).
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
        """Volume of one voxel; right for sheared and flipped axes too."""
        return float(abs(np.linalg.det(self.matrix[:3, :3])))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbours along the three array axes."""
        s0, s1, s2 = np.linalg.norm(self.matrix[:3, :3], axis=0).tolist()
        return (s0, s1, s2)

    @property
    def fine_axes(self) -> tuple[bool, bool, bool]:
        """Whether neighbours along an axis are close: less than twice the finest spacing."""
        a0, a1, a2 = (s < 2 * min(self.spacing_mm) for s in self.spacing_mm)
        return (a0, a1, a2)

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """World position of the middle of the grid."""
        return self.to_world((np.array(self.shape) - 1) / 2)

    def centred(self) -> "Grid":
        """Give the same lattice moved so that its middle is the origin.

        Axis flips change the stored origin by rounding only; work done on the
        centred grid is therefore the same to the bit for every storage order.
        """
        matrix = self.matrix
        matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(self.shape) - 1) / 2)
        return Grid.from_arrays(self.shape, matrix)

    def to_world(self, indices: ArrayLike) -> NDArray[np.float64]:
        """World positions (mm, RAS+) of voxel indices, shape (..., 3)."""
        matrix = self.matrix
        points: NDArray[np.float64] = np.asarray(indices, dtype=float) @ matrix[:3, :3].T
        return points + matrix[:3, 3]

    def to_index(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Fractional voxel indices of world positions, shape (..., 3)."""
        inverse = np.linalg.inv(self.matrix)
        indices: NDArray[np.float64] = np.asarray(points_mm, dtype=float) @ inverse[:3, :3].T
        return indices + inverse[:3, 3]

    def corners_mm(self) -> NDArray[np.float64]:
        """World positions of the eight outer corners of the voxel block."""
        edges = ((-0.5, n - 0.5) for n in self.shape)
        return self.to_world(list(product(*edges)))

    def max_offset_mm(self, other: "Grid") -> float:
        """Largest distance between corners that ought to coincide."""
        corners = np.array([(*c, 1) for c in product(*((0, n) for n in self.shape))])
        drift = corners @ (self.matrix - other.matrix).T
        return float(np.linalg.norm(drift[:, :3], axis=1).max())

    def matches(self, other: "Grid", tolerance_mm: float | None = None) -> bool:
        """Whether both grids put every voxel in the same place.

        Parameters
        ----------
        tolerance_mm
            Largest distance of corners; None allows for what headers round, `ROUNDING_PART`
            of the finest voxel edge.
        """
        if tolerance_mm is None:
            tolerance_mm = ROUNDING_PART * min(self.spacing_mm)
        return self.shape == other.shape and self.max_offset_mm(other) <= tolerance_mm
