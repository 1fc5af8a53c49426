"""Fat fractions of synthetic muscles whose fat fraction is known."""

from dataclasses import replace

import numpy as np
import pytest
from makers import make_grid
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.fat_map import FatMap
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Contrast, Scan
from pipeline.stages.measure.fat import DixonPair, find_fat

SHAPE = (23, 31, 17)
GRID = make_grid(SHAPE)
INSIDE = (slice(3, 20), slice(4, 27), slice(1, 16))
LEAN = 0.27


@pytest.fixture
def muscles() -> LabelMap:
    """Label one block."""
    voxels = np.zeros(SHAPE, dtype=np.uint8)
    voxels[INSIDE] = 2
    return LabelMap(voxels, GRID, MUSCLE_NAMES)


@pytest.fixture
def fat(rng: np.random.Generator) -> NDArray[np.float64]:
    """Make streaks of fat, a tenth on average, surrounded by pure fat."""
    fractions = np.ones(SHAPE)
    streaks = np.exp(12 * ndimage.gaussian_filter(rng.standard_normal(SHAPE), 1.5))[INSIDE]
    fractions[INSIDE] = 0.1 * streaks / streaks.mean()
    return fractions


def pair_of(
    fat: NDArray[np.float64], lean_water: float = 500.0, noise: float = 0.0
) -> DixonPair:
    """Simulate water and fat images with a coil profile that rises toward one end."""
    rng = np.random.default_rng(4)
    coil = np.linspace(1, 1.4, SHAPE[1])[:, None]
    images = []
    for signal in (lean_water * (1 - fat) * coil, 1000 * fat * coil):
        real, imaginary = rng.normal(0, noise, (2, *SHAPE))
        images.append(np.hypot(signal + real, imaginary))
    water, fatty = images
    return DixonPair(Scan(water, GRID, Contrast.WATER), Scan(fatty, GRID, Contrast.FAT))


def mean_of(found: FatMap | None) -> tuple[float, float, float]:
    """Give the mean fraction inside the block, and its limits."""
    assert found is not None
    means = [float(v[INSIDE].mean()) for v in (found.low, found.fraction, found.high)]
    return (means[0], means[1], means[2])


@pytest.mark.parametrize("lean_water", [400.0, 1000.0])
def test_a_pair_gives_the_fat_fraction_whatever_the_relaxation(
    lean_water: float, muscles: LabelMap, fat: NDArray[np.float64]
) -> None:
    """Water and fat may differ in signal, and the coil profile may vary."""
    pair = pair_of(fat, lean_water)

    found = find_fat(muscles, pair.water, pair)

    assert found is not None
    assert (found.method, found.cautions) == ("dixon", ())
    assert mean_of(found)[1] == pytest.approx(fat[INSIDE].mean(), abs=0.015)


@pytest.mark.parametrize("noise", [10.0, 25.0])
def test_noise_does_not_add_fat(noise: float, muscles: LabelMap) -> None:
    """Lean muscle at an SNR of 50 and 20: the magnitude alone would show 3 and 6 % of fat."""
    fat = np.ones(SHAPE)
    fat[INSIDE] = 0
    fat[4:7, 6:20, 3:9] = 0.6
    expected = float(fat[INSIDE].mean())
    pair = pair_of(fat, noise=noise)

    found = mean_of(find_fat(muscles, pair.water, pair))[1]

    uncorrected = pair.fat.intensity / (pair.fat.intensity + 2 * pair.water.intensity)
    assert found == pytest.approx(expected, abs=0.007)
    assert uncorrected[INSIDE].mean() > expected + 0.007


def test_a_pair_without_a_line_gives_the_signal_fraction_and_says_so(
    muscles: LabelMap,
) -> None:
    """Where all voxels have the same fat fraction, the slope cannot be estimated."""
    even = np.full(SHAPE, 70.0, dtype=np.float32)
    even[0, 0, 0] = 71
    pair = DixonPair(Scan(even, GRID), Scan((even / 70 * 30).astype(np.float32), GRID))

    found = find_fat(muscles, pair.water, pair)

    low, mean, high = mean_of(found)
    assert mean == pytest.approx(0.3, abs=1e-3)
    assert low < 0.2
    assert high > 0.4
    assert found is not None
    assert [c.code for c in found.cautions] == ["fat-uncalibrated"]


def test_one_image_is_calibrated_by_its_own_lean_muscle(
    muscles: LabelMap, fat: NDArray[np.float64]
) -> None:
    """Fat is 1 after preprocessing; lean muscle is the signal of the leanest voxels."""
    patchy = np.where(np.arange(SHAPE[0])[:, None, None] < 8, 0, fat)
    scan = Scan((LEAN + (1 - LEAN) * patchy).astype(np.float32), GRID)

    low, mean, high = mean_of(find_fat(muscles, scan))

    assert mean == pytest.approx(patchy[INSIDE].mean(), abs=0.005)
    assert low < mean - 0.02
    assert high > mean + 0.05


def test_fat_in_every_voxel_is_within_the_limits(muscles: LabelMap) -> None:
    """One image cannot show it: the fraction is too small, but within the limits."""
    fraction = np.full(SHAPE, 0.06)
    scan = Scan((LEAN + (1 - LEAN) * fraction + _speckle()).astype(np.float32), GRID)

    low, mean, high = mean_of(find_fat(muscles, scan))

    assert mean < 0.02
    assert low < 0.06 < high


def _speckle() -> NDArray[np.float64]:
    return np.random.default_rng(9).normal(0, 0.004, SHAPE)


@pytest.mark.parametrize("contrast", [Contrast.T2W, Contrast.WATER, Contrast.FAT])
def test_other_single_images_give_no_fat_fraction(
    contrast: Contrast, muscles: LabelMap
) -> None:
    """Fat does not have a signal of 1 there."""
    scan = Scan(np.random.default_rng(2).random(SHAPE, np.float32), GRID, contrast)

    assert find_fat(muscles, scan) is None


def test_no_muscle_gives_no_fat(muscles: LabelMap) -> None:
    """There is no muscle for the calibration."""
    scan = Scan(np.random.default_rng(2).random(SHAPE, np.float32), GRID)

    assert find_fat(replace(muscles, voxels=np.zeros_like(muscles.voxels)), scan) is None


@pytest.mark.parametrize("field", ["fraction", "low", "high"])
def test_a_fat_map_of_another_shape_or_not_finite_is_refused(field: str) -> None:
    """Each of its three arrays is checked."""
    sound = FatMap.known(np.zeros(SHAPE, dtype=np.float32), GRID)

    for wrong in (np.zeros(3, np.float32), np.full(SHAPE, np.nan, np.float32)):
        names = ("fraction", "low", "high")
        first, second, third = (wrong if n == field else sound.fraction for n in names)
        with pytest.raises(ValueError, match=f"Fat's {field} must be finite"):
            FatMap(first, second, third, GRID, "known")


@pytest.mark.parametrize("finest", [0, 1])
def test_noise_is_measured_along_the_finest_axis(finest: int) -> None:
    """Changes from voxel to voxel along the coarser axis are muscle, not noise."""
    spacing_mm = (0.5, 0.7, 3.0) if finest == 0 else (0.7, 0.5, 3.0)
    grid = make_grid(SHAPE, spacing_mm)
    voxels = np.zeros(SHAPE, dtype=np.uint8)
    voxels[INSIDE] = 2
    fat = 0.06 + 0.05 * (np.indices(SHAPE)[1 - finest] % 2)
    pair = DixonPair(
        Scan(500 * (1 - fat), grid, Contrast.WATER), Scan(1000 * fat, grid, Contrast.FAT)
    )

    found = find_fat(LabelMap(voxels, grid, MUSCLE_NAMES), pair.water, pair)

    assert mean_of(found)[1] == pytest.approx(fat[INSIDE].mean(), abs=1e-4)
