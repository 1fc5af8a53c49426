"""Deviations within the rounding of headers are accepted, larger ones are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_makers import Edit, edit, moved, opened, refuse, setting, write_series
from pydicom.dataset import Dataset

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.store.dicom.stack_geometry import corners_apart_mm
from pipeline.store.images import read_scan


@pytest.fixture
def scan(scan: Scan) -> Scan:
    """Make eleven oblique slices of 64 x 96 voxels, 3.27 mm apart."""
    affine = scan.grid.matrix
    affine[:3, 2] *= 3.27 / 3
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    affine[:3, :3] = turn @ affine[:3, :3]
    levels = np.random.default_rng(4).integers(0, 900, (64, 96, 11)).astype(np.float32)
    grid = Grid.from_arrays(levels.shape, affine)
    return Scan(levels, grid, acquisition=scan.acquisition)


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the volume as DICOM slices."""
    write_series(scan, tmp_path / "series")
    return tmp_path / "series"


def rounded(keyword: str, decimals: int) -> Edit:
    """Return a change that writes numbers with fewer decimals."""

    def change(dataset: Dataset) -> None:
        values = np.array(dataset[keyword].value, float)
        setattr(dataset, keyword, [f"{v:.{decimals}f}" for v in values])

    return change


def jittered(size: float) -> Edit:
    """Return a change that rotates the directions of each slice a little, each differently."""
    rng = np.random.default_rng(6)

    def change(dataset: Dataset) -> None:
        cosines = np.array(dataset.ImageOrientationPatient, float)
        cosines += rng.uniform(-size, size, 6)
        dataset.ImageOrientationPatient = cosines.round(8).tolist()

    return change


def together(*changes: Edit) -> Edit:
    """Return a change that applies several."""

    def change(dataset: Dataset) -> None:
        for each in changes:
            each(dataset)

    return change


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "tolerance_mm"),
    [
        (rounded("ImagePositionPatient", 1), 0.1),
        (rounded("ImagePositionPatient", 2), 0.01),
        (rounded("ImageOrientationPatient", 4), 0.02),
        (rounded("ImageOrientationPatient", 5), 0.002),
        (rounded("ImageOrientationPatient", 6), 0.001),
        (jittered(1e-4), 0.02),
        (rounded("PixelSpacing", 3), 0.01),
        (
            together(rounded("ImagePositionPatient", 1), rounded("ImageOrientationPatient", 4)),
            0.12,
        ),
    ],
)
def test_rounding_errors_average_out(
    change: Edit, tolerance_mm: float, scan: Scan, series: Path
) -> None:
    """Voxels are those of the files, at positions within a fraction of a voxel."""
    edit(series, change)

    with opened(series) as found:
        back = read_scan(found.image)
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm)
    assert back.grid.voxel_volume_mm3 == pytest.approx(scan.grid.voxel_volume_mm3, rel=5e-3)


def test_spacing_that_is_rounded_in_some_slices_is_one(scan: Scan, series: Path) -> None:
    """Four digits in some and five in others."""
    edit(series, setting(PixelSpacing=[0.7001, 0.5]), slice(3, 5))

    with opened(series) as found:
        assert read_scan(found.image).grid.matches(scan.grid, 0.01)


def turned(angle_deg: float) -> Edit:
    """Return a change that rotates a slice about its normal."""

    def change(dataset: Dataset) -> None:
        rows, columns = np.reshape(np.array(dataset.ImageOrientationPatient, float), (2, 3))
        c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
        axes = np.concatenate([c * rows + s * columns, c * columns - s * rows])
        dataset.ImageOrientationPatient = axes.round(9).tolist()

    return change


@pytest.mark.parametrize(
    ("change", "only", "words"),
    [
        (moved(3.27), slice(5, None), r"step of 6\.\d+ mm after slice 5 .* 1 slice is missing"),
        (moved(0.4), slice(5, 6), r"equally far apart: got a step of 3\.\d+ mm after slice 5"),
        (moved(0.0, 0.5), slice(5, 6), r"straight line: got slice 6 of 11 lying 0\.[345]"),
        (turned(0.1), slice(5, 6), r"one orientation: .* cosines up to 0\.001\d+ apart"),
        (turned(5.0), slice(5, 6), r"one orientation: got 2 \(10 and 1 slices\)"),
        (setting(PixelSpacing=[0.703, 0.5]), slice(5, 6), r"got 0\.703 x 0\.5 in image 6 and"),
        (setting(PixelSpacing=["0.7", "0.5012345"]), slice(5, 6), r"got 0\.7 x 0\.5012345 in"),
    ],
)
def test_rounding_hides_no_missing_shifted_or_rotated_slice(
    change: Edit, only: slice, words: str, series: Path
) -> None:
    """The message has enough digits to show the difference."""
    edit(series, change, only)
    edit(series, rounded("ImagePositionPatient", 1))

    refuse(series, words)


def test_rounding_as_coarse_as_a_step_is_refused(series: Path) -> None:
    """Positions in whole millimetres would hide a shift by a quarter of a step."""
    edit(series, rounded("ImagePositionPatient", 0))
    edit(series, moved(1.0), slice(5, 6))
    edit(series, rounded("ImagePositionPatient", 0))

    refuse(series, "equally far apart")


@pytest.mark.parametrize("is_thinned", [True, False])
def test_a_loss_of_every_second_slice_is_noticed(is_thinned: bool, series: Path) -> None:
    """SpacingBetweenSlices states the step, whatever the thickness."""
    thickness = 3.27 if is_thinned else 2.5
    edit(series, setting(SliceThickness=thickness))
    for path in sorted(series.iterdir())[1::2]:
        path.unlink()

    refuse(
        series,
        r"as SpacingBetweenSlices states: got positions 6\.540 mm apart and 3\.270 mm stated, "
        "so 1 slice is missing between each two",
    )


@pytest.mark.parametrize("said", [None, "99999999999"])
def test_one_slice_does_not_decide_the_spacing_of_all(said: str | None, series: Path) -> None:
    """A first slice without it, or with another value, hides no missing slices."""
    edit(series, setting(SliceThickness=2.5))
    edit(series, setting(SpacingBetweenSlices=said), slice(0, 1))
    for path in sorted(series.iterdir())[1::2]:
        path.unlink()

    refuse(series, "3.270 mm stated, so 1 slice is missing between each two")


def test_a_loss_of_two_of_three_slices_is_counted(series: Path) -> None:
    """Four are left of eleven."""
    for k, path in enumerate(sorted(series.iterdir())):
        if k % 3:
            path.unlink()

    refuse(series, "so 2 slices are missing between each two")


@pytest.mark.parametrize(
    "elements",
    [
        {"SpacingBetweenSlices": "0.327", "SliceThickness": "2.943"},
        {"SpacingBetweenSlices": "1.635", "SliceThickness": "1.635"},
        {"SpacingBetweenSlices": "1.635", "SliceThickness": None},
        {"SpacingBetweenSlices": "-3.27"},
        {"SpacingBetweenSlices": "0"},
        {"SpacingBetweenSlices": "4"},
        {"SpacingBetweenSlices": None},
    ],
)
def test_a_gap_from_edge_to_edge_is_no_missing_slice(
    elements: dict[str, Any], scan: Scan, series: Path
) -> None:
    """Some manufacturers write the gap, some a sign; neither proves a loss."""
    edit(series, setting(**elements))

    with opened(series) as found:
        assert read_scan(found.image).grid.matches(scan.grid, 1e-3)


@pytest.mark.parametrize(
    "of",
    [
        lambda k: {"RescaleSlope": f"{1 + k / 4}", "RescaleIntercept": "0"},
        lambda k: {"RescaleSlope": "2", "RescaleIntercept": f"{-k}"},
        lambda k: {"RescaleSlope": f"{1 + k / 4}", "RescaleIntercept": f"{k}"},
    ],
)
def test_every_slice_has_its_own_scaling(
    of: Callable[[int], dict[str, str]], scan: Scan, series: Path
) -> None:
    """Slope, intercept or both differ by slice; values are those that a viewer shows."""
    for k in range(11):
        edit(series, setting(**of(k)), slice(k, k + 1))

    with opened(series) as found:
        back = read_scan(found.image)
    slopes, intercepts = np.array([list(of(k).values()) for k in range(11)], float).T
    np.testing.assert_allclose(back.intensity, scan.intensity * slopes + intercepts, rtol=1e-6)
    assert back.grid.matches(scan.grid, 1e-3)


def test_distances_of_corners_do_not_depend_on_the_order_of_axes(scan: Scan) -> None:
    """Only on where the voxels lie."""
    turned = scan.grid.matrix
    turned[:3, 3] = scan.grid.to_world((63, 0, 0))
    turned[:3, 0] *= -1
    moved_by = scan.grid.matrix
    moved_by[:3, 3] += (0.3, 0, 0.4)

    same = Grid.from_arrays((96, 64, 11), turned[:, [1, 0, 2, 3]])
    assert corners_apart_mm(scan.grid, same) == pytest.approx(0, abs=1e-9)
    elsewhere = Grid.from_arrays(scan.grid.shape, moved_by)
    assert corners_apart_mm(scan.grid, elsewhere) == pytest.approx(0.5)
