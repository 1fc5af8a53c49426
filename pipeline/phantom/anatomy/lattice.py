"""The lattice on which shapes are rasterised, in the foot's own coordinates."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.generalised_cylinders import Array, Field

Box = tuple[slice, slice, slice]
Name = TypeVar("Name")


class Shape(Protocol):
    """A closed surface given by its signed distance."""

    @property
    def bounds(self) -> Array:
        """Lowest and highest coordinates of the surface, shape (2, 3)."""
        ...

    def distance(self, coordinates: tuple[Array, Array, Array]) -> Field:
        """Signed distance to the surface at the lattice points, negative inside."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """An isotropic lattice in the foot's own coordinates (mm)."""

    spacing_mm: float
    origin_mm: Array
    shape: tuple[int, int, int]

    @classmethod
    def over(cls, low_mm: Array, high_mm: Array, spacing_mm: float) -> "Lattice":
        """Cover a box, with planes at multiples of the spacing."""
        first = np.floor(low_mm / spacing_mm).astype(int)
        n0, n1, n2 = (np.ceil(high_mm / spacing_mm).astype(int) - first + 1).tolist()
        return cls(spacing_mm, first * spacing_mm, (n0, n1, n2))

    def planes_mm(self, box: Box | None = None) -> tuple[Array, Array, Array]:
        """Give the positions of the planes along each axis, all of them or those in a box."""
        lateral, long, dorsal = (
            start + self.spacing_mm * np.arange(n)
            for start, n in zip(self.origin_mm, self.shape, strict=True)
        )
        if box is None:
            return lateral, long, dorsal
        return lateral[box[0]], long[box[1]], dorsal[box[2]]

    def box(self, shape: Shape, margin_mm: float) -> Box:
        """Give the box of the lattice that contains a shape and a margin; may be empty."""
        low, high = shape.bounds + np.array([[-margin_mm], [margin_mm]])
        starts = np.clip((low - self.origin_mm) // self.spacing_mm, 0, self.shape).astype(int)
        stops = np.clip((high - self.origin_mm) // self.spacing_mm + 2, 0, self.shape).astype(
            int
        )
        s0, s1, s2 = (slice(a, max(a, b)) for a, b in zip(starts, stops, strict=True))
        return s0, s1, s2

    def distances(
        self, shapes: Iterable[tuple[Name, Shape]], margin_mm: float
    ) -> Iterator[tuple[Name, Box, Field]]:
        """Yield name, box and signed distance (mm) of each shape within the lattice."""
        for name, shape in shapes:
            box = self.box(shape, margin_mm)
            if all(s.stop > s.start for s in box):
                yield name, box, shape.distance(self.planes_mm(box))

    def refine(self, field: Field, fine: "Lattice") -> Field:
        """Interpolate a field of this lattice at the points of a finer one."""
        return fine.interpolate(field, self)

    def interpolate(self, field: Field, of: "Lattice") -> Field:
        """Interpolate a field of another lattice at this one's points."""
        start = (self.origin_mm - of.origin_mm) / of.spacing_mm
        step = self.spacing_mm / of.spacing_mm
        interpolated: Field = ndimage.affine_transform(
            field, np.full(3, step), start, self.shape, order=1, mode="nearest"
        )
        return interpolated

    def points_mm(self, mask: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        """Give the lateral, long and dorsal positions of a mask's points, in index order."""
        lateral, long, dorsal = (
            planes[index]
            for planes, index in zip(self.planes_mm(), mask.nonzero(), strict=True)
        )
        return lateral, long, dorsal
