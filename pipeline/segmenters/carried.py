"""What a network saw in its window, brought to the image's own grid."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.segmenters.sight import Sight

_LEAST_CHANCE = 0.5  # of a structure
_NO_CHANCE = 0.001  # of any muscle, below which none is named


def muscle_chance(sight: Sight, grid: Grid) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Bring the muscles to a grid.

    Returns
    -------
    chance, muscle
        Of any muscle at all, and the likeliest of them; 0 where there is none.
    """
    chance = np.zeros(grid.shape, dtype=np.float32)
    box, held = sight.resampled(MUSCLE_NAMES, grid.matrix, grid.shape)
    chance[box] = held
    is_any = chance > _NO_CHANCE
    muscle = np.zeros(grid.shape, dtype=np.uint8)
    points_mm = grid.to_world(np.argwhere(is_any))
    muscle[is_any] = sight.likeliest_of([*MUSCLE_NAMES], points_mm)
    return chance, muscle


def likeliest(sight: Sight, grid: Grid, labels: Mapping[int, int]) -> NDArray[np.uint8]:
    """Label the image's own grid by chance alone.

    Parameters
    ----------
    labels
        Label by class of the structures that are labelled.

    Notes
    -----
    What is less likely this structure than anything else is left out, so that two bones do
    not close the joint between them.
    """
    found = np.zeros(grid.shape, dtype=np.uint8)
    most = np.zeros(grid.shape, dtype=np.float32)
    for structure, label in labels.items():
        box, chance = sight.resampled([structure], grid.matrix, grid.shape)
        is_more = chance > most[box]
        found[box][is_more] = label
        most[box][is_more] = chance[is_more]
    found[most < _LEAST_CHANCE] = 0
    return found
