"""Assigns lattice points to the nearest of several labelled shapes."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Lattice, Shape


def assign_nearest_label(
    lattice: Lattice,
    shapes: Iterable[tuple[str, Shape]],
    labels: Mapping[str, int],
    *,
    margin_mm: float,
    offsets: Array | None = None,
) -> tuple[NDArray[np.uint8], Field, Field]:
    """Assign each point to the label whose surface, grown by its offset, is nearest.

    Parameters
    ----------
    labels
        By name of the shape; several shapes may have the same label.
    margin_mm
        Distance beyond its surface up to which a shape is evaluated.
    offsets
        Growth in mm, by label; none if None.

    Returns
    -------
    tuple
        The nearest label, the signed distance to it and that to the nearest other label
        (mm, negative inside; 1000 where there is none within the margin).
    """
    far = np.float32(1e3)
    first = np.full(lattice.shape, far)
    second = np.full(lattice.shape, far)
    nearest_label = np.zeros(lattice.shape, dtype=np.uint8)
    for name, box, distance in lattice.distances(shapes, margin_mm):
        label = labels[name]
        grown = distance if offsets is None else distance - np.float32(offsets[label])
        nearest, next_nearest, current = first[box], second[box], nearest_label[box]
        is_nearer = grown < nearest
        farther = np.where(is_nearer, nearest, grown)
        is_other = current != label  # shapes of one label do not count as neighbours
        next_nearest[...] = np.where(is_other, np.minimum(next_nearest, farther), next_nearest)
        nearest[...] = np.where(is_nearer, grown, nearest)
        current[...] = np.where(is_nearer, label, current)
    return nearest_label, first, second
