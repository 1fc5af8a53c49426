"""Array axes in the world."""

import numpy as np

from pipeline.domain.grid import Grid
from pipeline.segmenters.orientation import axes_toward, axis_directions

AFFINE = np.array([[0, -0.7, 0, 9], [-1, 0, 0, 8], [0, 0, 4, 7], [0, 0, 0, 1.0]])
GRID = Grid.from_arrays((24, 31, 9), AFFINE)


def test_directions_are_unit_columns() -> None:
    """Flips and tilts stay, spacing goes."""
    directions = axis_directions(GRID)

    np.testing.assert_allclose(directions, [[0, -1, 0], [-1, 0, 0], [0, 0, 1]])


def test_letters_are_matched_to_axes() -> None:
    """The second axis points left and the first posterior."""
    axes, signs = axes_toward(GRID, "RAI")

    assert axes.tolist() == [1, 0, 2]
    assert signs.tolist() == [-1, -1, -1]
