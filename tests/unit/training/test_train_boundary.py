"""Training of the boundary networks; only where torch is installed (extra ``train``)."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.segmenters.network import weights
from pipeline.segmenters.network.boundary import FEATURES
from training.boundary_samples import BoundarySamples

torch = pytest.importorskip("torch")

from training import export, train_boundary  # noqa: E402


def make_samples(rng: np.random.Generator, thinness: float = 0.0) -> BoundarySamples:
    """Make samples of all muscles, whose fraction depends on one feature."""
    features = rng.normal(size=(12_000, FEATURES)).astype(np.float32)
    muscles = np.resize(np.arange(1, 13, dtype=np.uint8), 12_000)
    fraction = (1 / (1 + np.exp(-2 * features[:, 2]))).astype(np.float32)
    fraction[muscles == 1] **= 1 + thinness
    return BoundarySamples(features, muscles, fraction, 2.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own exporter
def test_a_boundary_network_is_trained_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """The package loads the same network; the other networks are not changed."""
    samples = make_samples(rng)
    model = train_boundary.fit([samples], 13, steps=300)
    model.offsets[3] = -50.0
    state = {"story": {"scans": 1}, "averaged": model.state_dict()}
    torch.save(state, tmp_path / "muscle_boundary.pt")
    (tmp_path / weights.MANIFEST).write_bytes(weights._read(weights.MANIFEST))
    export.export(tmp_path, tmp_path, "9.9.9")
    written = ("muscle_boundary.onnx", "network.toml")
    content = {name: (tmp_path / name).read_bytes() for name in written}
    packaged = weights._read
    monkeypatch.setattr(weights, "_read", lambda name: content.get(name) or packaged(name))
    weights.load_weights.cache_clear()
    loaded = weights.load_weights()
    weights.load_weights.cache_clear()

    fractions = loaded.muscle_boundary.fractions(samples.features, samples.labels)
    is_third = samples.labels == 3
    assert ((fractions > 0.5) == (samples.fraction > 0.5))[~is_third].mean() > 0.95
    assert (fractions[is_third] < 0.01).all()  # by the offset of that muscle
    inputs = torch.from_numpy(samples.features), torch.from_numpy(samples.labels).long()
    np.testing.assert_allclose(fractions, model(*inputs), atol=1e-5)
    assert loaded.manifest["version"] == "9.9.9"
    assert loaded.manifest["training"]["muscle_boundary"]["scans"] == 1
    assert loaded.manifest["files"]["fine"] == weights.load_weights().manifest["files"]["fine"]


def test_offsets_remove_the_volume_bias_of_every_muscle(rng: np.random.Generator) -> None:
    """A thin muscle, which few voxels contain by half, is labelled in more of them."""
    samples = make_samples(rng, thinness=2.0)
    model = train_boundary.fit([samples], 13, steps=300)

    train_boundary.remove_volume_bias(model, [samples])

    logits = train_boundary._logits(model, samples) + model.offsets.numpy()[samples.labels]
    excess_voxels = np.bincount(samples.labels, (logits > 0) - samples.fraction)
    assert model.offsets[1] > 0.1 + abs(model.offsets[2:]).max()
    assert excess_voxels[1:] == pytest.approx(0, abs=5)
