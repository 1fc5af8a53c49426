"""Bias field correction and intensity normalisation."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import ndimage
from simulated import Simulated

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import ScanError
from pipeline.phantom.anatomy.foot import Tissue
from pipeline.settings.preprocess import PreprocessParams
from pipeline.stages.preprocess import preprocess
from validation.label_overlap import on_grid

SHAPE = (44, 80, 26)
SPACING_MM = np.array((2.0, 2.6, 3.1))
FAT, MUSCLE = 800.0, 280.0
SAME_BYTES = """
import sys
import numpy as np
import SimpleITK as sitk
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(int(sys.argv[1]))
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.stages.preprocess import PreprocessParams, preprocess
grid = Grid.from_arrays((44, 80, 26), np.diag((2.0, 2.6, 3.1, 1.0)))
scan = Scan(np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(grid.shape), grid)
sys.stdout.buffer.write(preprocess(scan, PreprocessParams()).intensity.tobytes())
"""


@pytest.fixture
def depth_mm() -> NDArray[np.float32]:
    """Give the depth below the surface of an ellipsoid of a foot's length; -1 in the air."""
    positions = (np.indices(SHAPE).T - (np.array(SHAPE) - 1) / 2) * SPACING_MM
    inside = (np.linalg.norm(positions / (36, 92, 32), axis=-1) < 1).T
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(inside, sampling=SPACING_MM)
    return np.where(inside, depth, -1).astype(np.float32)


@pytest.fixture
def even(depth_mm: NDArray[np.float32]) -> Scan:
    """Make muscle below 10 mm of fat, with a little noise."""
    clean = np.select([depth_mm > 10, depth_mm > 0], [MUSCLE, FAT])
    noise = np.random.default_rng(5).normal(0, 12, (2, *SHAPE))
    grid = Grid.from_arrays(SHAPE, np.diag((*SPACING_MM, 1.0)))
    return Scan(np.hypot(clean + noise[0], noise[1]), grid)


def brightened(scan: Scan, factor: NDArray[np.float64]) -> Scan:
    """Multiply the intensity by a field."""
    return replace(scan, intensity=(scan.intensity * factor).astype(np.float32))


def shaded(scan: Scan, largest: float) -> Scan:
    """Apply a coil profile that rises from one end of the foot to the other."""
    slope = np.linspace(-largest, largest, SHAPE[1])[:, None]
    bend = 0.2 * largest * np.linspace(-1, 1, SHAPE[2]) ** 2
    return brightened(scan, 1 + slope + bend)


@pytest.mark.integration
def test_a_known_field_is_corrected(even: Scan, depth_mm: NDArray[np.float32]) -> None:
    """Fat is 1 within 5 % at both ends, although the coil profile varies twofold."""
    scan = preprocess(shaded(even, 0.35), PreprocessParams())

    is_fat = (depth_mm > 2.5) & (depth_mm < 8)
    ends = [
        np.median(scan.intensity[:, k][is_fat[:, k]]) for k in (slice(25), slice(-25, None))
    ]
    assert ends[0] / ends[1] == pytest.approx(1, abs=0.05)
    assert ends == pytest.approx([1, 1], abs=0.05)


@pytest.mark.integration
def test_fat_of_a_foot_becomes_one(simulated: Simulated) -> None:
    """Subcutaneous fat, away from its boundary, is within 5 % of 1."""
    foot, grid = simulated.foot, simulated.scan.grid
    is_fat = ndimage.binary_erosion(foot.tissues == Tissue.FAT, iterations=3)
    fat = LabelMap(is_fat.astype(np.uint8), foot.grid, {1: "fat"})

    signal = simulated.scan.intensity[on_grid(fat, grid) == 1]

    assert np.median(signal) == pytest.approx(1, abs=0.05)


def test_only_the_intensity_changes(even: Scan) -> None:
    """Grid, contrast, side and acquisition parameters stay the same."""
    raw = replace(even, side=Side.RIGHT, acquisition={"EchoTime": 0.015})

    scan = preprocess(raw, PreprocessParams())

    assert (scan.grid, scan.contrast, scan.side) == (raw.grid, raw.contrast, raw.side)
    assert scan.acquisition == raw.acquisition
    assert scan.cautions == ()


def test_gain_does_not_matter(even: Scan) -> None:
    """Units of intensity are arbitrary."""
    louder = replace(even, intensity=even.intensity * 7)

    ours, theirs = (preprocess(s, PreprocessParams()) for s in (louder, even))

    np.testing.assert_allclose(ours.intensity, theirs.intensity, rtol=1e-3, atol=1e-4)


def test_without_correction_only_the_scale_changes(even: Scan) -> None:
    """Every voxel is divided by the same number."""
    scan = preprocess(shaded(even, 0.2), PreprocessParams(bias_correction=False))

    ratio = shaded(even, 0.2).intensity / scan.intensity
    assert np.ptp(ratio) / ratio.mean() < 1e-5


def test_on_a_water_image_the_brightest_part_is_one(
    even: Scan, depth_mm: NDArray[np.float32]
) -> None:
    """Where fat is dark, muscle defines the scale."""
    inverted = np.select([depth_mm > 10, depth_mm > 0], [500, 90]).astype(np.float32)
    intensity = (even.intensity / 100 + inverted).astype(np.float32)
    water = replace(even, intensity=intensity, contrast=Contrast.WATER)

    scan = preprocess(water, PreprocessParams())

    assert np.median(scan.intensity[depth_mm > 12]) == pytest.approx(1, abs=0.05)


def test_with_fat_suppression_vessels_do_not_define_the_scale(
    even: Scan, depth_mm: NDArray[np.float32]
) -> None:
    """A few bright vessels in dark fat are not taken for fat."""
    dark_fat = np.where(depth_mm > 10, even.intensity, even.intensity / 3)
    vessels = np.zeros(SHAPE, dtype=bool)
    vessels[::5, ::5, ::5] = True
    intensity = np.where(vessels & (depth_mm > 0), 4000, dark_fat).astype(np.float32)
    suppressed = replace(even, intensity=intensity, contrast=Contrast.T2W)

    scan = preprocess(suppressed, PreprocessParams(bias_correction=False))

    assert np.median(scan.intensity[depth_mm > 12]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_incomplete_block_at_the_edge_is_not_dark_tissue(axis: int, even: Scan) -> None:
    """Tissue at the edge of the image is corrected like its neighbourhood, for any size."""
    middle = SHAPE[axis] // 2
    size = middle - (middle - 1) % 3  # one voxel more than whole blocks of three
    voxels = np.moveaxis(np.moveaxis(even.intensity, axis, 0)[:size], 0, axis)
    cut = Scan(voxels, Grid.from_arrays(voxels.shape, np.eye(4)))

    scan = preprocess(cut, PreprocessParams())

    ratio = np.moveaxis(scan.intensity / cut.intensity, axis, 0)
    assert ratio[-1].mean() / ratio[-7].mean() == pytest.approx(1, abs=0.003)


@pytest.mark.integration
def test_a_strong_field_is_a_caution(even: Scan) -> None:
    """Correction amplifies the noise of dark regions."""
    slope = np.geomspace(0.4, 2.2, SHAPE[1])[:, None]

    scan = preprocess(brightened(even, slope), PreprocessParams())

    assert [c.code for c in scan.cautions] == ["strong-bias-field"]
    assert "-fold, so dark regions are noisier" in scan.cautions[0].message


def corner(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep one bright voxel at the edge."""
    dot = np.zeros_like(values)
    dot[0, 0, 0] = 700
    return dot


def stripes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw stripes one voxel wide, which average to a constant."""
    striped = np.full_like(values, 100)
    striped[::2] = 101
    return striped


def rimless(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make a uniform image with one dark layer."""
    filled = np.full_like(values, 500)
    filled[:, 3] = 0
    return filled


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (corner, "stand out from the background: got no bright connected component.*Export"),
        (stripes, "stand out from the background: got an image of fewer than three grey"),
        (rimless, "T1w image must show bright tissue for normalisation: got none.*file name"),
    ],
)
def test_an_image_without_a_foot_is_refused(
    draw: Callable[[NDArray[np.float32]], NDArray[np.float32]], message: str, even: Scan
) -> None:
    """The message says what is missing."""
    empty = replace(even, intensity=draw(even.intensity))

    with pytest.raises(ScanError, match=message):
        preprocess(empty, PreprocessParams(bias_correction=False))


def test_a_dark_water_image_is_refused(even: Scan) -> None:
    """A single bright voxel cannot define the scale."""
    dot = np.zeros(SHAPE, dtype=np.float32)
    dot[20, 30, 10] = 700
    water = replace(even, intensity=dot, contrast=Contrast.WATER)

    with pytest.raises(ScanError, match=r"A water image must show bright tissue"):
        preprocess(water, PreprocessParams())


def test_a_second_run_gives_the_same(even: Scan) -> None:
    """The same scan gives the same bytes."""
    first, second = (preprocess(even, PreprocessParams()) for _ in range(2))

    np.testing.assert_array_equal(first.intensity, second.intensity)


@pytest.mark.integration
@pytest.mark.parametrize("threads", ["1", "2"])
def test_threads_do_not_change_a_byte(threads: str, even: Scan) -> None:
    """The number of threads of the library is irrelevant."""
    here = preprocess(even, PreprocessParams()).intensity.tobytes()
    command = [sys.executable, "-c", SAME_BYTES, threads]
    environment = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": threads}
    there = subprocess.run(
        command,
        input=even.intensity.tobytes(),
        capture_output=True,
        check=True,
        env=environment,
    )

    assert there.stdout == here


@pytest.mark.parametrize(
    "wrong",
    [
        {"bias_spacing_mm": 0.5},
        {"bias_spacing_mm": 9},
        {"bias_knot_mm": 10},
        {"bias_knot_mm": 500},
        {"bias_iterations": 0},
        {"bias_iterations": 501},
        {"bias_corection": True},
    ],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    """Values out of range and unknown keys are refused."""
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        PreprocessParams.model_validate(wrong)
