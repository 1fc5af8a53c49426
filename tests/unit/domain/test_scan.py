"""Scans: checked and locked."""

from typing import Any

import numpy as np
import pytest
from makers import make_grid
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import ScanError


@pytest.fixture
def intensity(grid: Grid, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make intensities between 0 and 900."""
    return rng.uniform(0, 900, grid.shape)


def test_a_scan_is_single_precision(grid: Grid, intensity: NDArray[np.float64]) -> None:
    """Other types are converted."""
    scan = Scan(intensity.astype(np.int16), grid)

    assert scan.intensity.dtype == np.float32
    np.testing.assert_array_equal(scan.intensity, intensity.astype(np.int16))


def test_a_scan_does_not_change_with_the_original_array(grid: Grid) -> None:
    """The array is copied even if it is float32."""
    given = np.zeros(grid.shape, dtype=np.float32)
    given[4, 5, 6] = 7

    scan = Scan(given, grid)
    given[4, 5, 6] = 99
    assert scan.intensity[4, 5, 6] == 7


def test_intensities_cannot_be_written(grid: Grid, intensity: NDArray[np.float64]) -> None:
    """The array is locked."""
    scan = Scan(intensity.astype(np.float32), grid)

    with pytest.raises(ValueError, match="read-only"):
        scan.intensity[0, 0, 0] = 1


def test_acquisition_fields_cannot_be_written(
    grid: Grid, intensity: NDArray[np.float64]
) -> None:
    """The fields are copied and locked."""
    given: dict[str, Any] = {"EchoTime": 0.015}
    scan = Scan(intensity.astype(np.float32), grid, acquisition=given)

    given["EchoTime"] = 0.03
    assert scan.acquisition["EchoTime"] == 0.015
    with pytest.raises(TypeError, match="does not support item assignment"):
        scan.acquisition["EchoTime"] = 0.03  # type: ignore[index]


def test_a_scan_is_t1_weighted_of_unknown_side_by_default(
    grid: Grid, intensity: NDArray[np.float64]
) -> None:
    """It has no acquisition fields and no cautions."""
    scan = Scan(intensity.astype(np.float32), grid)

    assert (scan.contrast, scan.side) == (Contrast.T1W, None)
    assert (dict(scan.acquisition), scan.cautions) == ({}, ())


@pytest.mark.parametrize("axis", range(3))
def test_array_and_grid_must_have_one_shape(grid: Grid, axis: int) -> None:
    """The message gives both shapes."""
    few = np.delete(np.zeros(grid.shape, dtype=np.float32), 0, axis=axis)

    with pytest.raises(ValueError, match=r"are \(2.*but their grid is \(23, 31, 17\)"):
        Scan(few, grid)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_every_voxel_must_be_finite(
    grid: Grid, intensity: NDArray[np.float64], bad: float
) -> None:
    """The message gives the number of bad voxels and what to do."""
    intensity[1:3, 2, 4] = bad

    with pytest.raises(ScanError, match=r"got 2 NaN or infinite of 12121\. Export the image"):
        Scan(intensity.astype(np.float32), grid)


def test_a_constant_image_is_refused(grid: Grid) -> None:
    """The message gives the constant."""
    with pytest.raises(ScanError, match=r"got the constant 41\.5 in every voxel\. Export"):
        Scan(np.full(grid.shape, 41.5, dtype=np.float32), grid)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("bad_mm", [0.09, 20.5])
def test_spacing_outside_the_limits_is_refused(
    intensity: NDArray[np.float64], axis: int, bad_mm: float
) -> None:
    """The message gives all three spacings."""
    s0, s1, s2 = (bad_mm if i == axis else s for i, s in enumerate((0.5, 0.7, 3.0)))

    with pytest.raises(
        ScanError, match=rf"between 0\.1 and 20\.0 mm: got {s0:g} x {s1:g} x {s2:g} mm"
    ):
        Scan(intensity.astype(np.float32), make_grid(spacing_mm=(s0, s1, s2)))


@pytest.mark.parametrize("spacing_mm", [(0.11, 0.7, 3.0), (0.5, 0.7, 19.9)])
def test_spacing_near_the_limits_is_accepted(
    intensity: NDArray[np.float64], spacing_mm: tuple[float, float, float]
) -> None:
    """A scanner might be set to it."""
    grid = make_grid(spacing_mm=spacing_mm)

    assert Scan(intensity.astype(np.float32), grid).grid == grid


def test_each_side_has_its_opposite() -> None:
    """Left and right."""
    assert (Side.LEFT.opposite, Side.RIGHT.opposite) == (Side.RIGHT, Side.LEFT)


def test_contrasts_carry_the_names_of_bids() -> None:
    """Suffixes, and the values of the acquisition entity for Dixon images."""
    assert [c.value for c in Contrast] == ["T1w", "PDw", "T2w", "water", "fat"]
    assert [c for c in Contrast if c.is_dixon] == [Contrast.WATER, Contrast.FAT]


def test_sides_have_the_letters_of_dicom() -> None:
    """As in Laterality (0020,0060)."""
    assert (Side.LEFT.letter, Side.RIGHT.letter) == ("L", "R")
