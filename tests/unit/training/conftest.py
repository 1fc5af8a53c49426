"""Caches of coarse feet and scans, so that the tests of training are quick."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import get_protocol
from training import boundary_scans, feet
from training.boundary_scans import predicted_bones, predicted_muscles
from training.feet import training_foot


@pytest.fixture(scope="session")
def feet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cache training foot 0 in voxels of 3 mm."""
    folder = tmp_path_factory.mktemp("feet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feet, "SPACING_MM", 3.0)
        training_foot(0, folder)
    return folder


@pytest.fixture(scope="session")
def boundary_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cache the predictions of scan 3, of few voxels."""
    folder = tmp_path_factory.mktemp("boundary")
    with pytest.MonkeyPatch.context() as patch:
        for _ in _made_coarse(patch):
            predicted_muscles(3, folder)
            predicted_bones(3, folder)
    return folder


@pytest.fixture
def coarse_scans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulate scans as those in `boundary_folder`."""
    yield from _made_coarse(monkeypatch)


def _made_coarse(patch: pytest.MonkeyPatch) -> Iterator[None]:
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=1.0)
    patch.setattr(boundary_scans, "_SPACING_MM", 1.5)
    patch.setattr(
        boundary_scans, "_draw_scan", lambda foot, _, rng: acquire(foot, protocol, rng)
    )
    caches = (boundary_scans._foot, boundary_scans._scan_and_localise)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()
