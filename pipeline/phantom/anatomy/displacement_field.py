"""The displacement field by which all soft tissue follows a posed skeleton.

It blends the transforms of the bones by inverse-distance weights (Shepard's method).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Box, Lattice, Name, Shape
from pipeline.phantom.anatomy.skeleton import Cylinders, Skeleton, bone_transforms

_SPACING_MM = 4.0  # of the displacements, which are smooth
_RIGID_MM = 4.0  # added to distances: near a bone its own transform dominates
_FALLOFF_POWER = np.float32(4)  # of the weight with distance
_REACH_MM = 45.0  # largest distance with a weight: no skin is farther from a bone
_SMOOTHING = 0.7  # SD in lattice spacings
_SLAB = 16  # planes interpolated at a time
_STEPS = 25  # of the fixed-point iteration that inverts the field
_DAMPING = np.float32(0.8)
_SOLVED_MM = 1.0  # largest error of a solved point


@dataclass(frozen=True, slots=True, eq=False)
class DeformedLattice(Lattice):
    """A lattice over the posed foot, on which shapes of the undeformed foot are rasterised.

    Parameters
    ----------
    undeformed_mm
        Position of each point in the undeformed foot, shape (3, *shape).
    """

    undeformed_mm: Field

    def distances(
        self, shapes: Iterable[tuple[Name, Shape]], margin_mm: float
    ) -> Iterator[tuple[Name, Box, Field]]:
        """Yield name, box and signed distance of each shape within the lattice.

        Distances are in mm of the undeformed foot.
        """
        for name, shape in shapes:
            low, high = shape.bounds + np.array([[-margin_mm], [margin_mm]])
            box = self._box_of(low, high)
            if box is None:
                continue
            points = self.undeformed_mm[(slice(None), *box)]
            inside = np.ones(points.shape[1:], dtype=bool)
            for axis in range(3):
                inside &= (points[axis] >= low[axis]) & (points[axis] <= high[axis])
            undeformed = Lattice.over(low, high, self.spacing_mm)
            distance = np.full(inside.shape, np.float32(1e3))
            distance[inside] = _interpolate(
                shape.distance(undeformed.planes_mm()), undeformed, points[:, inside]
            )
            yield name, box, distance

    def interpolate(self, field: Field, of: Lattice) -> Field:
        """Interpolate a field of the undeformed foot at this lattice's points."""
        interpolated = np.empty(self.shape, dtype=np.float32)
        for start in range(0, self.shape[0], _SLAB):  # to limit memory
            slab = slice(start, start + _SLAB)
            interpolated[slab] = _interpolate(field, of, self.undeformed_mm[:, slab])
        return interpolated

    def points_mm(self, mask: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        """Give the positions of a mask's points in the undeformed foot, in index order."""
        lateral, long, dorsal = (axis[mask].astype(float) for axis in self.undeformed_mm)
        return lateral, long, dorsal

    def _box_of(self, low: Array, high: Array) -> Box | None:
        """Find the part of the lattice that covers a box of the undeformed foot."""
        step = max(1, round(_SPACING_MM / self.spacing_mm))
        thinned = self.undeformed_mm[:, ::step, ::step, ::step]
        slack = 1.5 * _SPACING_MM
        inside = np.ones(thinned.shape[1:], dtype=bool)
        for axis in range(3):
            inside &= thinned[axis] > low[axis] - slack
            inside &= thinned[axis] < high[axis] + slack
        if not inside.any():
            return None
        box = ndimage.find_objects(inside.view(np.uint8))[0]
        s0, s1, s2 = (
            slice(step * s.start, min(step * s.stop, n))
            for s, n in zip(box, self.shape, strict=True)
        )
        return s0, s1, s2


@dataclass(frozen=True, slots=True, eq=False)
class DisplacementField:
    """The displacement of each point of the undeformed foot.

    Parameters
    ----------
    lattice
        Over the undeformed foot.
    displacement_mm
        Shape (3, *lattice.shape).
    """

    lattice: Lattice
    displacement_mm: Field

    def apply(self, points: Array) -> Array:
        """Displace points of the undeformed foot, shape (n, 3), mm."""
        undeformed = points.T.astype(np.float32)
        return points + _interpolate_all(self.displacement_mm, self.lattice, undeformed).T

    def deformed_lattice(
        self, low_mm: Array, high_mm: Array, spacing_mm: float
    ) -> DeformedLattice:
        """Invert the field on a lattice over a box of the posed foot."""
        coarse = Lattice.over(low_mm - _SPACING_MM, high_mm + _SPACING_MM, _SPACING_MM)
        posed = np.stack(np.meshgrid(*coarse.planes_mm(), indexing="ij")).astype(np.float32)
        undeformed = posed.copy()
        for _ in range(_STEPS):
            error = (
                posed
                - undeformed
                - _interpolate_all(self.displacement_mm, self.lattice, undeformed)
            )
            undeformed += _DAMPING * error
        fine = Lattice.over(low_mm, high_mm, spacing_mm)
        back = _extrapolate(undeformed - posed, np.abs(error).max(axis=0) < _SOLVED_MM)
        undeformed_mm = np.stack([fine.interpolate(axis, coarse) for axis in back])
        for axis, planes in enumerate(np.ix_(*fine.planes_mm())):
            undeformed_mm[axis] += planes.astype(np.float32)
        return DeformedLattice(fine.spacing_mm, fine.origin_mm, fine.shape, undeformed_mm)


def make_displacement_field(
    skeleton: Skeleton, bones: Cylinders, low_mm: Array, high_mm: Array
) -> DisplacementField:
    """Blend the transforms of all bones by inverse-distance weights.

    Parameters
    ----------
    bones
        Of the undeformed foot, by name, mm.
    low_mm, high_mm
        Box around the undeformed foot.
    """
    lattice = Lattice.over(low_mm, high_mm, _SPACING_MM)
    total = np.zeros(lattice.shape, dtype=np.float32)
    displacement = np.zeros((3, *lattice.shape), dtype=np.float32)
    transforms = bone_transforms(skeleton, bones)
    least = np.float32((_REACH_MM + _RIGID_MM) ** -_FALLOFF_POWER)
    for name, box, distance in lattice.distances(bones.items(), _REACH_MM):
        weight = (np.maximum(distance, 0) + np.float32(_RIGID_MM)) ** -_FALLOFF_POWER
        weight = np.maximum(weight - least, 0)
        total[box] += weight
        displacement[(slice(None), *box)] += weight * transforms[name].displacement(
            lattice.planes_mm(box)
        )
    displacement /= np.maximum(total, np.finfo(np.float32).tiny)
    displacement = _extrapolate(displacement, total > 0)
    return DisplacementField(
        lattice, np.stack([ndimage.gaussian_filter(f, _SMOOTHING) for f in displacement])
    )


def _extrapolate(fields: Field, is_known: NDArray[np.bool_]) -> Field:
    """Fill unknown points with the value of the nearest known point."""
    nearest = ndimage.distance_transform_edt(
        ~is_known, return_distances=False, return_indices=True
    )
    extrapolated: Field = fields[(slice(None), *nearest)]
    return extrapolated


def _interpolate(field: Field, of: Lattice, points_mm: Field) -> Field:
    first = of.origin_mm.reshape(3, *(1,) * (points_mm.ndim - 1)).astype(np.float32)
    index = (points_mm - first) / np.float32(of.spacing_mm)
    interpolated: Field = ndimage.map_coordinates(
        field, index, order=1, mode="nearest", output=np.float32
    )
    return interpolated


def _interpolate_all(fields: Field, of: Lattice, points_mm: Field) -> Field:
    return np.stack([_interpolate(f, of, points_mm) for f in fields])
