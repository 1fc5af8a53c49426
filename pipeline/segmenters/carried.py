"""What a network saw in its window, brought to the image's own grid."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.segmenters.sight import Sight
from pipeline.segmenters.volume import Volume, axis_directions

_CHANCE_MM = 1.5  # lattice of the muscles' chances
_LEAST_CHANCE = 0.5  # of all structures together


def muscle_chances(sight: Sight, grid: Grid) -> dict[int, Volume]:
    """Bring the muscles' chances to a lattice along the image's axes."""
    extent_mm = np.array(grid.shape) * np.array(grid.spacing_mm)
    shape = np.ceil(extent_mm / _CHANCE_MM).astype(int)
    origin = -(shape - 1) * _CHANCE_MM / 2
    affine = np.eye(4)
    affine[:3, :3] = axis_directions(grid) * _CHANCE_MM
    affine[:3, 3] = grid.centre_mm + axis_directions(grid) @ origin
    chances = {}
    for label in MUSCLE_NAMES:
        if (sight.labels == label).any():
            values = np.zeros(shape, dtype=np.float32)
            box, chance = sight.resampled(label, affine, values.shape)
            values[box] = chance
            chances[label] = Volume(values, _CHANCE_MM, origin)
    return chances


def likeliest(sight: Sight, grid: Grid, labels: Mapping[int, int]) -> NDArray[np.uint8]:
    """Label the image's own grid by chance alone.

    Parameters
    ----------
    labels
        Label by class of the structures that are labelled; what is less likely one of them
        than none is left out.
    """
    found = np.zeros(grid.shape, dtype=np.uint8)
    most = np.zeros(grid.shape, dtype=np.float32)
    total = np.zeros(grid.shape, dtype=np.float32)
    for structure, label in labels.items():
        box, chance = sight.resampled(structure, grid.matrix, grid.shape)
        total[box] += chance
        is_more = chance > most[box]
        found[box][is_more] = label
        most[box][is_more] = chance[is_more]
    found[total < _LEAST_CHANCE] = 0
    return found
