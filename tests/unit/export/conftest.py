"""Two measured participants with their original series."""

import shutil
from pathlib import Path

import pytest
from measured_out import Measured, measure


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take in and measure two tiny scans, once, by stages that take no time."""
    folder = tmp_path_factory.mktemp("measured")
    measure(folder)
    return folder


@pytest.fixture
def measured(measured_once: Path, tmp_path: Path) -> Measured:
    """Copy them, to be changed."""
    shutil.copytree(measured_once, tmp_path, dirs_exist_ok=True)
    return Measured.below(tmp_path)
