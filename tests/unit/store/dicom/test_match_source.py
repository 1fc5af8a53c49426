"""A scan is matched to its original series by geometry and pixels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_makers import edit, moved, opened, setting, write_series

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError
from pipeline.store.dicom.match_source import find_source
from pipeline.store.dicom.source_images import SourceImages
from pipeline.store.images import read_scan

Take = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name a folder for the series of a participant."""
    return tmp_path / "sub-01"


@pytest.fixture
def measured(scan: Scan, folder: Path) -> Scan:
    """Write series 3, and take it in; gives the scan as it is measured."""
    write_series(scan, folder / "3", number=3)
    with opened(folder) as found:
        return read_scan(found.image)


def find(folder: Path, scan: Scan) -> SourceImages:
    """Find the images of a scan among all files of a folder."""
    return find_source([path for path in folder.rglob("*") if path.is_file()], scan)


def with_level(scan: Scan, voxels: int) -> Scan:
    """Change the values of some voxels by 1."""
    levels = scan.intensity.copy()
    levels.flat[:voxels] += 1
    return Scan(levels, scan.grid, acquisition=scan.acquisition)


def test_a_series_is_found_among_others_of_the_same_place(
    scan: Scan, measured: Scan, folder: Path
) -> None:
    """By its pixels: another echo, and another place."""
    write_series(with_level(scan, 4), folder / "4", number=4)
    write_series(scan, folder / "5", number=5)
    edit(folder / "5", moved(1.0))

    found = find(folder, measured)

    assert {header.SeriesNumber for header in found.headers} == {3}
    assert len(found.headers) == scan.grid.shape[2]
    assert found.geometry.spatial_shape == scan.grid.shape[::-1]


def test_the_storage_order_of_the_scan_does_not_matter(measured: Scan, folder: Path) -> None:
    """Only where its voxels lie."""
    affine = measured.grid.matrix
    affine[:3, 3] += 1e-4

    grid = Grid.from_arrays(measured.grid.shape, affine)
    found = find(folder, Scan(measured.intensity, grid))

    assert found.headers


def test_other_values_are_refused_with_their_number(
    scan: Scan, measured: Scan, folder: Path
) -> None:
    """By series."""
    write_series(with_level(scan, 9), folder / "4", number=4)

    with pytest.raises(
        ScanError,
        match=r"got other values in 2 of 210 voxels of series 3 and 10 of 210 voxels of "
        r"series 4\. Give the original series",
    ):
        find(folder, flipped(measured, (0, -1)))


def flipped(scan: Scan, where: tuple[int, ...]) -> Scan:
    """Change the values of single voxels."""
    levels = scan.intensity.copy()
    for voxel in where:
        levels.flat[voxel] += 5
    return Scan(levels, scan.grid)


def test_another_place_is_refused_with_the_distance(measured: Scan, folder: Path) -> None:
    """That of the nearest series."""
    affine = measured.grid.matrix
    affine[0, 3] += 0.25
    there = Scan(measured.intensity, Grid.from_arrays(measured.grid.shape, affine))

    with pytest.raises(
        ScanError,
        match=r"of 5 x 6 x 7 voxels: got 1 volumes, of which the nearest, series 3, has "
        r"5 x 6 x 7 voxels and corners up to 0\.25 mm apart",
    ):
        find(folder, there)


def test_another_size_is_refused(measured: Scan, folder: Path) -> None:
    """Even in the same place."""
    cut = measured.intensity[:-1]
    less = Scan(cut, Grid.from_arrays(cut.shape, measured.grid.matrix))

    with pytest.raises(ScanError, match=r"of 4 x 6 x 7 voxels: got 1 volumes"):
        find(folder, less)


def test_images_without_positions_are_refused(measured: Scan, folder: Path) -> None:
    """Nothing can be compared."""
    edit(folder, setting(ImagePositionPatient=None))

    with pytest.raises(
        ScanError,
        match=r"got 1 volumes, none of which has a place\. Give .* Series 3: Every slice must "
        "state its position",
    ):
        find(folder, measured)


def test_copies_of_a_series_are_refused(scan: Scan, measured: Scan, folder: Path) -> None:
    """Which one is meant is not known."""
    write_series(scan, folder / "8", number=8)

    with pytest.raises(ScanError, match=r"must contain the scan once: .* series \['3', '8'\]"):
        find(folder, measured)


def test_scaled_values_are_compared_as_intake_gives_them(scan: Scan, folder: Path) -> None:
    """Another slope in each slice."""
    write_series(scan, folder, number=3)
    for k, file in enumerate(sorted(folder.iterdir())):
        edit(
            file.parent, setting(RescaleSlope=1 + 0.37 * k, RescaleIntercept=k), slice(k, k + 1)
        )
    with opened(folder) as found:
        taken = read_scan(found.image)

    assert not np.array_equal(taken.intensity, np.rint(taken.intensity))
    assert find(folder, taken).headers


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_images_must_share_their_identifiers(
    keyword: str, measured: Scan, folder: Path
) -> None:
    """Objects could not refer to them as one series."""
    edit(folder, setting(**{keyword: "1.2.3"}), slice(2, 3))

    with pytest.raises(ScanError, match=f"must have one {keyword}: got none or several"):
        find(folder, measured)
