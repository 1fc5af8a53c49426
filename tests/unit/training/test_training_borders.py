"""Examples of borders, and what is learnt from them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan
from pipeline.phantom.acquisition import acquire
from pipeline.phantom.foot import Foot
from pipeline.phantom.protocols import get_protocol
from pipeline.segmenters.borders import FEATURES
from training import border_examples
from training.border_examples import BorderExample, border_example


def test_an_example_is_the_same_again_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its number alone; its borders are muscle in part."""
    monkeypatch.setattr(border_examples, "SPACING_MM", 1.5)  # quick, as is this scan
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=1.0)
    monkeypatch.setattr(
        border_examples, "_draw_scan", lambda foot, rng: acquire(foot, protocol, rng)
    )

    first = border_example(3, tmp_path)
    (tmp_path / "borders-00003.npz").unlink()
    again = border_example(3, tmp_path)
    monkeypatch.setattr(border_examples, "_draw_example", None)
    kept = border_example(3, tmp_path)

    assert first.features.shape == (len(first.share), FEATURES)
    assert 0.2 < first.share.mean() < 0.8
    for other in (again, kept):
        np.testing.assert_array_equal(other.features, first.features)
        np.testing.assert_array_equal(other.share, first.share)


def test_the_part_that_is_muscle_is_counted_finely(coarse_foot: Foot) -> None:
    """Voxels of a coarser grid hold as much muscle as the foot does."""
    own = coarse_foot.grid
    scaling = np.diag((1.7, 1.3, 3.1, 1.0))
    shape = np.ceil(np.divide(own.shape, (1.7, 1.3, 3.1))).astype(int).tolist()
    grid = Grid.from_arrays(shape, own.matrix @ scaling)
    scan = Scan(np.indices(shape)[0].astype(np.float32), grid, Contrast.T1W)

    share = border_examples._part_of_muscle(coarse_foot, scan, np.argwhere(np.ones(shape)))

    due_mm3 = np.count_nonzero(coarse_foot.truth.muscles.voxels) * own.voxel_volume_mm3
    assert share.sum() * grid.voxel_volume_mm3 == pytest.approx(due_mm3, rel=0.02)


def test_a_surer_network_keeps_its_mind(rng: np.random.Generator) -> None:
    """What is likelier than not stays so, where nothing is blurred."""
    grid = Grid.from_arrays((6, 7, 8), np.diag((20.0, 20.0, 20.0, 1.0)))
    chance = rng.random((6, 7, 8), dtype=np.float32)
    scan = Scan(chance, grid, Contrast.T1W)

    surer = border_examples._by_another(chance, scan, rng)

    assert surer.dtype == np.float32
    np.testing.assert_array_equal(surer > 0.5, chance > 0.5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own exporter
def test_borders_are_learnt_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """What the package loads gives what was learnt; the other networks stay as they were."""
    torch = pytest.importorskip("torch")
    from pipeline.segmenters import weights  # noqa: PLC0415
    from training import borders, export  # noqa: PLC0415

    features = rng.normal(size=(4000, FEATURES)).astype(np.float32)
    example = BorderExample(features, (features[:, 2] > 0).astype(np.float32))

    model = borders.fit([example], steps=300)
    state = {"scans": 1, "held_out": {"dice": 1.0}, "averaged": model.state_dict()}
    torch.save(state, tmp_path / "border.pt")
    before = weights._read(weights.RECORD)
    (tmp_path / weights.RECORD).write_bytes(before)
    export.export(tmp_path, tmp_path, "9.9.9")
    content = {name: (tmp_path / name).read_bytes() for name in ("border.onnx", "network.toml")}
    packaged = weights._read
    monkeypatch.setattr(weights, "_read", lambda name: content.get(name) or packaged(name))
    weights.load_weights.cache_clear()
    loaded = weights.load_weights()
    weights.load_weights.cache_clear()

    shares = loaded.border.shares(features)
    assert ((shares > 0.5) == (example.share > 0.5)).mean() > 0.95
    np.testing.assert_allclose(shares, model(torch.from_numpy(features)).detach(), atol=1e-5)
    assert loaded.record["version"] == "9.9.9"
    assert loaded.record["training"]["border"]["scans"] == 1
    assert loaded.record["files"]["fine"] == weights.load_weights().record["files"]["fine"]
