"""How the array axes of an image lie in the world."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.domain.grid import Grid

Array = NDArray[np.float64]
_DIRECTIONS = {
    letter: sign * np.eye(3)[axis]
    for axis, letters in enumerate(("RL", "AP", "SI"))
    for letter, sign in zip(letters, (1.0, -1.0), strict=True)
}


def axis_directions(grid: Grid) -> Array:
    """Give unit vectors of the array axes in world space, as columns."""
    directions: Array = grid.matrix[:3, :3] / np.array(grid.spacing_mm)
    return directions


def axes_toward(grid: Grid, orientation: str) -> tuple[NDArray[np.intp], Array]:
    """Match the array axes to the letters of an orientation.

    Parameters
    ----------
    orientation
        Three letters, one each of R or L, A or P, S or I: where each axis should point.

    Returns
    -------
    axes, signs
        Array axis for each letter, and -1 where it points the other way.
    """
    along = np.array([_DIRECTIONS[letter] for letter in orientation]) @ axis_directions(grid)
    _, axes = linear_sum_assignment(-np.abs(along))
    return axes, np.sign(along[np.arange(3), axes])
