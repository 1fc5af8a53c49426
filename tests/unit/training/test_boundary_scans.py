"""Predictions of the packaged networks on simulated scans, with the ground truth."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES, get_protocol
from pipeline.phantom.anatomy.foot import Foot
from training import boundary_scans
from training.boundary_scans import predicted_bones, predicted_muscles


@pytest.mark.integration
@pytest.mark.usefixtures("coarse_scans")
def test_a_scan_is_reproducible_and_cached(
    boundary_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index gives one scan; the predictions agree roughly with the ground truth."""
    again = [predicted_muscles(3, tmp_path), *predicted_bones(3, tmp_path)]
    monkeypatch.setattr(boundary_scans, "_predict_muscles", None)
    monkeypatch.setattr(boundary_scans, "_predict_bones", None)
    cached = [predicted_muscles(3, boundary_folder), *predicted_bones(3, boundary_folder)]

    for first, second in zip(again, cached, strict=True):
        predicted, true = second.probability > 0.5, second.fraction > 0.5
        assert 2 * (predicted & true).sum() > 0.8 * (predicted.sum() + true.sum())
        for name, value in asdict(second).items():
            np.testing.assert_array_equal(getattr(first, name), value)


@pytest.mark.integration
def test_a_cached_file_has_the_arrays_of_earlier_versions(boundary_folder: Path) -> None:
    """Scans take minutes, so a cache must stay readable."""
    (path,) = boundary_folder.glob("muscles-*-00003.npz")

    with np.load(path) as file:
        assert {*file.files} == {"intensity-0", "chance-0", "labels-0", "share-0", "affine-0"}


@pytest.mark.integration
def test_every_bone_has_its_own_region(boundary_folder: Path) -> None:
    """Tarsals and metatarsals."""
    bones = predicted_bones(3, boundary_folder)

    assert [np.unique(bone.labels).tolist() for bone in bones] == [[k] for k in range(1, 13)]


def test_a_varied_protocol_is_similar_to_the_packaged_one(rng: np.random.Generator) -> None:
    """Every parameter is within its limits."""
    for name in 10 * PROTOCOL_NAMES:
        drawn, known = boundary_scans._vary_protocol(name, rng), get_protocol(name)

        assert drawn.in_plane_mm == pytest.approx(known.in_plane_mm, rel=0.25)
        assert drawn.echo_time_ms == pytest.approx(known.echo_time_ms, rel=0.15)
        assert drawn.repetition_time_ms == pytest.approx(known.repetition_time_ms, rel=0.15)
        assert drawn.technique is known.technique
        assert 10 <= drawn.muscle_snr <= 70


def test_the_true_fraction_keeps_the_volume(coarse_foot: Foot) -> None:
    """The fractions in voxels of a coarser grid add up to the volume of the foot's muscles."""
    own = coarse_foot.grid
    scaling = np.diag((1.7, 1.3, 3.1, 1.0))
    shape = np.ceil(np.divide(own.shape, (1.7, 1.3, 3.1))).astype(int).tolist()
    grid = Grid.from_arrays(shape, own.matrix @ scaling)
    truth = coarse_foot.truth.muscles.voxels > 0

    fraction = boundary_scans._true_fraction(truth, own, grid, np.argwhere(np.ones(shape)))

    true_mm3 = np.count_nonzero(truth) * own.voxel_volume_mm3
    assert fraction.sum() * grid.voxel_volume_mm3 == pytest.approx(true_mm3, rel=0.02)
