"""Which structure each voxel belongs to, where many reach for it."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.generalised_cylinders import Array, Field
from pipeline.phantom.anatomy.lattice import Lattice, Shape


def contest(
    lattice: Lattice,
    shapes: Iterable[tuple[str, Shape]],
    labels: Mapping[str, int],
    *,
    margin_mm: float,
    offsets: Array | None = None,
) -> tuple[NDArray[np.uint8], Field, Field]:
    """Give each voxel to the nearest label, once each has grown by its offset.

    Parameters
    ----------
    labels
        By name of the shape; several shapes may share one.
    margin_mm
        How far beyond its surface a shape is looked at.
    offsets
        Growth in mm, by label; none if None.

    Returns
    -------
    tuple
        The nearest label, the distance to it, and that to the nearest other label
        (mm, negative inside; a thousand where nothing is near).
    """
    far = np.float32(1e3)
    first = np.full(lattice.shape, far)
    second = np.full(lattice.shape, far)
    owner = np.zeros(lattice.shape, dtype=np.uint8)
    for name, box, distance in lattice.distances(shapes, margin_mm):
        label = labels[name]
        score = distance if offsets is None else distance - np.float32(offsets[label])
        best, runner_up, winner = first[box], second[box], owner[box]
        wins = score < best
        loser = np.where(wins, best, score)
        is_rival = winner != label  # parts of one label do not contend
        runner_up[...] = np.where(is_rival, np.minimum(runner_up, loser), runner_up)
        best[...] = np.where(wins, score, best)
        winner[...] = np.where(wins, label, winner)
    return owner, first, second
