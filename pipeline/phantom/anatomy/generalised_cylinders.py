"""Generalised cylinders: structures as elliptic cross-sections along an axis."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]
Field = NDArray[np.float32]

LATERAL, LONG, DORSAL = 0, 1, 2
"""Order of coordinates in the phantom: array axes 0, 1, 2."""

_STATION_AXIS = {"long": LONG, "lateral": LATERAL, "up": DORSAL}
_IN_SLICE = {LONG: (LATERAL, DORSAL), LATERAL: (LONG, DORSAL), DORSAL: (LONG, LATERAL)}


@dataclass(frozen=True, slots=True, eq=False)
class Cylinder:
    """A generalised cylinder: ellipses at stations along one axis, capped by half ellipsoids.

    Parameters
    ----------
    axis
        Coordinate along which the stations ascend.
    centres
        Shape (n, 3): lateral, long, dorsal.
    sections
        Shape (n, 2, 2): the matrix whose inverse is the ellipse's quadratic form
        (squared semi-axes as eigenvalues) in the two other coordinates.
    """

    axis: int
    centres: Array
    sections: Array

    @property
    def cap(self) -> float:
        """Length of the caps: half the distance between stations, which are bin centres."""
        positions = self.centres[:, self.axis]
        return float((positions[-1] - positions[0]) / (len(positions) - 1) / 2)

    @property
    def bounds(self) -> Array:
        """Lowest and highest coordinates of the surface, shape (2, 3)."""
        half = np.full((len(self.centres), 3), self.cap)
        half[:, _IN_SLICE[self.axis]] = np.sqrt(np.diagonal(self.sections, axis1=1, axis2=2))
        return np.array(((self.centres - half).min(axis=0), (self.centres + half).max(axis=0)))

    def distance(self, coordinates: tuple[Array, Array, Array]) -> Field:
        """First-order signed distance to the surface, negative inside.

        Parameters
        ----------
        coordinates
            Lateral, long and dorsal positions of the lattice planes, in the unit of
            `centres`.

        Notes
        -----
        ``(r - 1) / |grad r|`` for the elliptic radius ``r``: first-order accurate at the
        surface, where labels are decided.
        """
        along = np.clip(coordinates[self.axis], *self.centres[[0, -1], self.axis])
        beyond = (coordinates[self.axis] - along) / self.cap
        first, second = _IN_SLICE[self.axis]
        knots = self.centres[:, self.axis]
        centre_line = PchipInterpolator(knots, self.centres[:, (first, second)])(along)
        mid_1, mid_2 = centre_line.T
        # linear between stations: a spline could leave the positive definite cone
        s11, s12, s22 = (
            np.interp(along, knots, self.sections[:, i, j]) for i, j in ((0, 0), (0, 1), (1, 1))
        )
        determinant = s11 * s22 - s12**2
        p11, p12, p22 = s22 / determinant, -s12 / determinant, s11 / determinant

        def spread(values: Array, axis: int) -> Field:
            shape = [1, 1, 1]
            shape[axis] = -1
            return values.astype(np.float32).reshape(shape)

        q11, q12, q22, cap = (spread(v, self.axis) for v in (p11, p12, p22, beyond))
        u1 = spread(coordinates[first], first) - spread(mid_1, self.axis)
        u2 = spread(coordinates[second], second) - spread(mid_2, self.axis)
        g1, g2 = q11 * u1 + q12 * u2, q12 * u1 + q22 * u2
        radius = np.sqrt(u1 * g1 + u2 * g2 + (cap**2 + np.float32(1e-6)))
        floor = spread(1e-6 / np.minimum(s11, s22), self.axis)  # the centre has no gradient
        slope = np.sqrt(g1**2 + g2**2 + ((cap / np.float32(self.cap)) ** 2 + floor))
        distance: Field = (radius - 1) * radius / slope
        return distance


@cache
def reference_cylinders() -> Mapping[str, Cylinder]:
    """Read the packaged table of one right foot, in units of its bone length.

    Notes
    -----
    Source: BodyParts3D 3.0, see the NOTICE file beside the table.
    """
    text = files("pipeline.phantom.anatomy").joinpath("anatomy.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return MappingProxyType(
        {
            name: _cylinder(list(group))
            for name, group in groupby(rows, lambda r: r["structure"])
        }
    )


def _cylinder(rows: list[dict[str, str]]) -> Cylinder:
    axis = _STATION_AXIS[rows[0]["station_axis"]]
    numbers = np.array(
        [
            [
                float(row[k])
                for k in ("lateral", "long", "dorsal", "semi_major", "semi_minor", "angle_deg")
            ]
            for row in rows
        ]
    )
    numbers = numbers[np.argsort(numbers[:, axis])]
    angle = np.deg2rad(numbers[:, 5])
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    turn = turn.transpose(2, 0, 1)
    squares = numbers[:, 3:5] ** 2
    return Cylinder(
        axis, numbers[:, :3], (turn * squares[:, None, :]) @ turn.transpose(0, 2, 1)
    )
