"""Tapered muscles: generalised cylinders, each grown or shrunk to its volume."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.bellies import (
    GROWTH_MM,
    LABEL_COUNT,
    bellies_of,
    distance_to_obstacles,
    distances_by_label,
    envelope_of_bellies,
    solve_offsets,
    volumes_mm3,
)
from pipeline.phantom.anatomy.envelope import Envelope
from pipeline.phantom.anatomy.generalised_cylinders import Array, Cylinder, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES

_FIRST_GUESS_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class TaperedBellies:
    """Generalised cylinders with one offset per muscle.

    Parameters
    ----------
    cylinders
        By name of the belly.
    offsets
        Growth in mm, by label.
    septum_mm
        Gap between neighbouring muscles.
    """

    cylinders: Mapping[str, Cylinder]
    envelope: Envelope
    offsets: Array
    septum_mm: float

    def rasterise(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice; septa stay unlabelled."""
        nearest_label, first, second = assign_nearest_label(
            lattice,
            self.cylinders.items(),
            BELLIES,
            margin_mm=GROWTH_MM + 1,
            offsets=self.offsets,
        )
        is_muscle = (first < 0) & (second - first > self.septum_mm) & (fascia < 0)
        return np.where(is_muscle, nearest_label, 0).astype(np.uint8)


def make_tapered(
    structures: PosedStructures, lattice: Lattice, shape: FootShape
) -> TaperedBellies:
    """Grow every belly until it has its volume.

    Notes
    -----
    Fascia and skin enclose the healthy bellies. The offsets are then solved for the volumes
    that atrophy has left; fat fills the rest.
    """
    cylinders, septum_mm = bellies_of(structures), shape.septum_mm
    bellies = distances_by_label(cylinders.items(), lattice)
    obstacles = distance_to_obstacles(structures, lattice)
    healthy = volumes_mm3(shape.muscle_volumes_cm3)
    growth = np.full(LABEL_COUNT, _FIRST_GUESS_MM)
    envelope = envelope_of_bellies(bellies, obstacles, growth, lattice, shape)
    growth = solve_offsets(bellies, obstacles, envelope, healthy, septum_mm)
    envelope = envelope_of_bellies(bellies, obstacles, growth, lattice, shape)
    remaining = volumes_mm3(shape.remaining_volumes_cm3)
    offsets = solve_offsets(bellies, obstacles, envelope, remaining, septum_mm, growth)
    return TaperedBellies(cylinders, envelope, offsets, septum_mm)
