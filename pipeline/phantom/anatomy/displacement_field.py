"""Space bent with the bones, so that all soft tissue follows a posed skeleton."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Box, Lattice, Name, Shape
from pipeline.phantom.anatomy.skeleton import Skeleton, Tubes, bone_moves

_SPACING_MM = 4.0  # of displacements: they are smooth
_RIGID_MM = 4.0  # from a bone within which it alone decides
_FALL = np.float32(4)  # power of distance by which its influence wanes
_REACH_MM = 45.0  # of it: no skin is farther from a bone
_SOFTENED = 0.7  # SD of the smoothing, in lattice spacings
_SLAB = 16  # planes at a time
_STEPS = 25
_DAMPING = np.float32(0.8)
_SOLVED_MM = 1.0  # error of the inverse that is let pass


@dataclass(frozen=True, slots=True, eq=False)
class BentLattice(Lattice):
    """A lattice over the posed foot, on which shapes of the straight foot are drawn.

    Parameters
    ----------
    straight_mm
        Where each point lies in the straight foot, shape (3, *shape).
    """

    straight_mm: Field

    def distances(
        self, shapes: Iterable[tuple[Name, Shape]], margin_mm: float
    ) -> Iterator[tuple[Name, Box, Field]]:
        """Yield name, box and signed distance (mm, before bending) of each shape in sight."""
        for name, shape in shapes:
            low, high = shape.reach + np.array([[-margin_mm], [margin_mm]])
            box = self._seen(low, high)
            if box is None:
                continue
            here = self.straight_mm[(slice(None), *box)]
            inside = np.ones(here.shape[1:], dtype=bool)
            for axis in range(3):
                inside &= (here[axis] >= low[axis]) & (here[axis] <= high[axis])
            straight = Lattice.over(low, high, self.spacing_mm)
            distance = np.full(inside.shape, np.float32(1e3))
            distance[inside] = _at(
                shape.distance(straight.planes_mm()), straight, here[:, inside]
            )
            yield name, box, distance

    def interpolate(self, field: Field, of: Lattice) -> Field:
        """Interpolate a field of the straight foot at this lattice's points."""
        found = np.empty(self.shape, dtype=np.float32)
        for start in range(0, self.shape[0], _SLAB):  # to spare memory
            slab = slice(start, start + _SLAB)
            found[slab] = _at(field, of, self.straight_mm[:, slab])
        return found

    def points_mm(self, mask: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        """Positions in the straight foot of the points in a mask, in index order."""
        lateral, long, dorsal = (axis[mask].astype(float) for axis in self.straight_mm)
        return lateral, long, dorsal

    def _seen(self, low: Array, high: Array) -> Box | None:
        """Find the part of the lattice that shows a box of the straight foot."""
        step = max(1, round(_SPACING_MM / self.spacing_mm))
        thinned = self.straight_mm[:, ::step, ::step, ::step]
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
class Bend:
    """How far each point of the straight foot is moved.

    Parameters
    ----------
    lattice
        Over the straight foot.
    moved_mm
        Shape (3, *lattice.shape).
    """

    lattice: Lattice
    moved_mm: Field

    def posed(self, points: Array) -> Array:
        """Carry points of the straight foot, shape (n, 3), mm."""
        straight = points.T.astype(np.float32)
        return points + _looked_up(self.moved_mm, self.lattice, straight).T

    def over(self, low_mm: Array, high_mm: Array, spacing_mm: float) -> BentLattice:
        """Cover a box of the posed foot."""
        coarse = Lattice.over(low_mm - _SPACING_MM, high_mm + _SPACING_MM, _SPACING_MM)
        posed = np.stack(np.meshgrid(*coarse.planes_mm(), indexing="ij")).astype(np.float32)
        straight = posed.copy()
        for _ in range(_STEPS):
            error = posed - straight - _looked_up(self.moved_mm, self.lattice, straight)
            straight += _DAMPING * error
        fine = Lattice.over(low_mm, high_mm, spacing_mm)
        back = _spread(straight - posed, np.abs(error).max(axis=0) < _SOLVED_MM)
        straight_mm = np.stack([fine.interpolate(axis, coarse) for axis in back])
        for axis, planes in enumerate(np.ix_(*fine.planes_mm())):
            straight_mm[axis] += planes.astype(np.float32)
        return BentLattice(fine.spacing_mm, fine.first_mm, fine.shape, straight_mm)


def make_bend(skeleton: Skeleton, bones: Tubes, low_mm: Array, high_mm: Array) -> Bend:
    """Blend the moves of all bones, the nearest counting most.

    Parameters
    ----------
    bones
        Of the straight foot, by name, mm.
    low_mm, high_mm
        Box that holds the straight foot.
    """
    lattice = Lattice.over(low_mm, high_mm, _SPACING_MM)
    total = np.zeros(lattice.shape, dtype=np.float32)
    moved = np.zeros((3, *lattice.shape), dtype=np.float32)
    moves = bone_moves(skeleton, bones)
    least = np.float32((_REACH_MM + _RIGID_MM) ** -_FALL)
    for name, box, distance in lattice.distances(bones.items(), _REACH_MM):
        weight = (np.maximum(distance, 0) + np.float32(_RIGID_MM)) ** -_FALL
        weight = np.maximum(weight - least, 0)
        total[box] += weight
        moved[(slice(None), *box)] += weight * moves[name].displacement(lattice.planes_mm(box))
    moved /= np.maximum(total, np.finfo(np.float32).tiny)
    moved = _spread(moved, total > 0)
    return Bend(lattice, np.stack([ndimage.gaussian_filter(f, _SOFTENED) for f in moved]))


def _spread(fields: Field, is_known: NDArray[np.bool_]) -> Field:
    """Let air that no bone reaches move with what is nearest, not into the foot."""
    nearest = ndimage.distance_transform_edt(
        ~is_known, return_distances=False, return_indices=True
    )
    spread: Field = fields[(slice(None), *nearest)]
    return spread


def _at(field: Field, of: Lattice, points_mm: Field) -> Field:
    first = of.first_mm.reshape(3, *(1,) * (points_mm.ndim - 1)).astype(np.float32)
    index = (points_mm - first) / np.float32(of.spacing_mm)
    found: Field = ndimage.map_coordinates(
        field, index, order=1, mode="nearest", output=np.float32
    )
    return found


def _looked_up(fields: Field, of: Lattice, points_mm: Field) -> Field:
    return np.stack([_at(f, of, points_mm) for f in fields])
