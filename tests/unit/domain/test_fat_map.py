"""Fat fraction of every voxel: checked and locked."""

import numpy as np
import pytest

from pipeline.domain.fat_map import FatMap
from pipeline.domain.grid import Grid

FIELDS = ("fraction", "low", "high")


def test_a_known_fat_map_has_no_uncertainty(grid: Grid) -> None:
    """Fraction and limits are one."""
    fat = FatMap.known(np.full(grid.shape, 0.3, dtype=np.float32), grid)

    assert (fat.method, fat.cautions) == ("known", ())
    np.testing.assert_array_equal(fat.low, fat.fraction)
    np.testing.assert_array_equal(fat.high, fat.fraction)


@pytest.mark.parametrize("name", FIELDS)
def test_fat_fractions_are_copied_and_locked(grid: Grid, name: str) -> None:
    """Each of the three arrays."""
    given = np.zeros(grid.shape, dtype=np.float32)
    array = getattr(FatMap(given, given, given, grid, "dixon"), name)

    given[:] = 1
    assert array.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0, 0] = 1


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("bad", ["shape", "value"])
def test_fat_fractions_must_be_finite_on_the_grid(grid: Grid, name: str, bad: str) -> None:
    """The message names the array and gives both shapes."""
    fine = np.zeros(grid.shape, dtype=np.float32)
    wrong = fine[:-1] if bad == "shape" else np.full(grid.shape, np.nan, dtype=np.float32)
    fraction, low, high = (wrong if field == name else fine for field in FIELDS)

    with pytest.raises(ValueError, match=rf"Fat's {name} .*\(23, 31, 17\), got shape \(2"):
        FatMap(fraction, low, high, grid, "dixon")
