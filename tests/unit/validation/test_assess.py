"""Comparison of a measured scan with the truth."""

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.domain.landmarks import FootFrame
from pipeline.domain.scan import Side
from validation.assess import PLANTAR, Truth

GRID = Grid.from_arrays((6, 40, 6), np.diag((2.0, 4.0, 2.0, 1.0)))
FRAME = FootFrame((0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1))


@pytest.mark.parametrize("rearfoot_cm3", [1.0, 1.3])
def test_the_border_divides_the_true_labels_as_the_true_volumes_say(
    rearfoot_cm3: float,
) -> None:
    """Plantar muscle fills voxels 10 to 29; dorsal muscle, farther on, does not count."""
    muscles = np.zeros(GRID.shape, np.uint8)
    muscles[:, 10:30] = 2
    muscles[:, 30:40] = 11
    volumes = {(PLANTAR, "rearfoot"): rearfoot_cm3, (PLANTAR, "total"): 2.0}

    found_mm = Truth(muscles, volumes, Side.RIGHT).border_mm(GRID, FRAME)

    assert found_mm == pytest.approx(38 + 80 * rearfoot_cm3 / 2, abs=0.05)
