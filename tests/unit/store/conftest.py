"""A small oblique scan, and the files made of it."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.store.images import write_scan


@pytest.fixture
def grid() -> Grid:
    """Make a lattice of 5 x 6 x 7 voxels, 0.5 x 0.7 x 3 mm, tilted 20 degrees."""
    tilt = np.radians(20)
    rotation = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * (0.5, 0.7, 3.0)
    affine[:3, 3] = (-12, 30, 8)
    return Grid.from_arrays((5, 6, 7), affine)


@pytest.fixture
def scan(grid: Grid) -> Scan:
    """Make integers, which files store exactly."""
    levels = np.random.default_rng(3).integers(0, 900, grid.shape)
    return Scan(
        levels.astype(np.float32),
        grid,
        acquisition={
            "MagneticFieldStrength": 1.5,
            "RepetitionTime": 0.5,
            "EchoTime": 0.015,
            "SliceThickness": 2.5,
            "ProtocolName": "made",
        },
    )


@pytest.fixture
def scan_file(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as a raw NIfTI file."""
    path = tmp_path / "sub-01_T1w.nii.gz"
    write_scan(scan, path, like=None)
    return path
