"""Samples of boundary voxels."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.weights import BONE_BOUNDARY, MUSCLE_BOUNDARY
from training import boundary_samples
from training.boundary_samples import draw_boundary_samples
from training.boundary_scans import predicted_muscles


@pytest.mark.integration
def test_an_index_always_gives_the_same_samples(boundary_folder: Path) -> None:
    """Byte for byte."""
    first, again = (draw_boundary_samples(3, boundary_folder) for _ in range(2))

    for name in (MUSCLE_BOUNDARY, BONE_BOUNDARY):
        for one, other in zip(first[name], again[name], strict=True):
            assert one.features.tobytes() == other.features.tobytes()
            assert one.fraction.tobytes() == other.fraction.tobytes()


@pytest.mark.integration
def test_bones_are_sampled_separately(boundary_folder: Path) -> None:
    """Together they have no more samples than the muscles."""
    bones = draw_boundary_samples(3, boundary_folder)[BONE_BOUNDARY]

    assert [np.unique(s.labels).tolist() for s in bones] == [[k] for k in range(1, 13)]
    assert sum(len(s.fraction) for s in bones) <= boundary_samples._VOXELS


@pytest.mark.integration
@pytest.mark.parametrize("augmented", [0.0, 1.0])
def test_samples_represent_all_muscle_of_a_scan(
    boundary_folder: Path, monkeypatch: pytest.MonkeyPatch, augmented: float
) -> None:
    """Hardly any lies where muscle is all but impossible, also with augmented ones."""
    region = predicted_muscles(3, boundary_folder)
    true_mm3 = region.fraction.sum(dtype=float) * region.grid.voxel_volume_mm3
    monkeypatch.setattr(boundary_samples, "_AUGMENTED", augmented)

    (samples,) = draw_boundary_samples(3, boundary_folder)[MUSCLE_BOUNDARY]

    assert samples.features.shape == (len(samples.fraction), FEATURES)
    assert 0.1 < samples.fraction.mean() < 0.8
    sampled_mm3 = float(samples.fraction.sum()) * samples.voxel_mm3
    assert sampled_mm3 == pytest.approx(true_mm3, rel=0.04)


def test_augmentation_keeps_the_boundary_where_nothing_is_blurred(
    rng: np.random.Generator,
) -> None:
    """Probabilities above a half stay above it: voxels of 20 mm are not blurred."""
    grid = Grid.from_arrays((6, 7, 8), np.diag((20.0, 20.0, 20.0, 1.0)))
    probability = rng.random((6, 7, 8), dtype=np.float32)

    augmented = boundary_samples._augment(probability, grid, rng)

    assert augmented.dtype == np.float32
    np.testing.assert_array_equal(augmented > 0.5, probability > 0.5)
