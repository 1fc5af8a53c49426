"""Examples of borders, and what is learnt from them."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES, get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.weights import BONE_BOUNDARY, MUSCLE_BOUNDARY
from training import boundary_samples as border_examples
from training import boundary_scans as seen_scans
from training.boundary_samples import BorderExample
from training.boundary_scans import seen_bones, seen_muscles


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep one scan of few voxels, of a coarse foot; it is made the same again."""
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=1.0)
    kept = tmp_path_factory.mktemp("borders")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_scans, "_SPACING_MM", 1.5)
        patch.setattr(
            seen_scans, "_draw_scan", lambda foot, _, rng: acquire(foot, protocol, rng)
        )
        seen_scans._foot.cache_clear()
        seen_muscles(3, kept)
        seen_bones(3, kept)
        yield kept
        seen_scans._foot.cache_clear()


def test_a_scan_is_the_same_again_and_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its number alone; the networks see muscle and bones about where they are."""
    seen_scans._take.cache_clear()
    again = [seen_muscles(3, tmp_path), *seen_bones(3, tmp_path)]
    monkeypatch.setattr(seen_scans, "_take", None)
    kept = [seen_muscles(3, folder), *seen_bones(3, folder)]

    for first, second in zip(again, kept, strict=True):
        found, due = second.chance > 0.5, second.share > 0.5
        assert 2 * (found & due).sum() > 0.8 * (found.sum() + due.sum())
        for name, value in asdict(second).items():
            np.testing.assert_array_equal(getattr(first, name), value)


def test_bones_are_each_a_part_of_their_own(folder: Path) -> None:
    """Tarsals and metatarsals, and of no more voxels together than muscles."""
    bones = seen_bones(3, folder)
    examples = border_examples.border_examples(3, folder)[BONE_BOUNDARY]

    assert [np.unique(bone.labels).tolist() for bone in bones] == [[k] for k in range(1, 13)]
    assert [np.unique(e.labels).tolist() for e in examples] == [[k] for k in range(1, 13)]
    assert sum(len(example.share) for example in examples) <= border_examples._VOXELS


def test_an_example_holds_all_muscle_of_its_scan(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies at the borders and elsewhere adds up, whoever's chances are shown."""
    seen = seen_muscles(3, folder)
    due_mm3 = seen.share.sum(dtype=float) * seen.grid.voxel_volume_mm3
    for other_networks in (0.0, 1.0):
        monkeypatch.setattr(border_examples, "_OTHER_NETWORKS", other_networks)

        (example,) = border_examples.border_examples(3, folder)[MUSCLE_BOUNDARY]

        assert example.features.shape == (len(example.share), FEATURES)
        assert 0.2 < example.share.mean() < 0.8
        at_borders_mm3 = float(example.share.sum()) * example.voxel_mm3
        assert -0.03 * due_mm3 < example.excess_mm3.sum() < 0.03 * due_mm3
        sure_mm3 = due_mm3 - at_borders_mm3
        assert 0.1 * due_mm3 < sure_mm3 < 0.9 * due_mm3


def test_a_hospitals_protocol_is_nearly_a_known_one(rng: np.random.Generator) -> None:
    """Every number is near that of the packaged protocol of the same name."""
    for name in 10 * PROTOCOL_NAMES:
        drawn, known = seen_scans._near(name, rng), get_protocol(name)

        assert drawn.in_plane_mm == pytest.approx(known.in_plane_mm, rel=0.25)
        assert drawn.echo_time_ms == pytest.approx(known.echo_time_ms, rel=0.15)
        assert drawn.repetition_time_ms == pytest.approx(known.repetition_time_ms, rel=0.15)
        assert drawn.technique is known.technique
        assert 10 <= drawn.muscle_snr <= 70


def test_the_part_that_is_true_is_counted_finely(coarse_foot: Foot) -> None:
    """Voxels of a coarser grid hold as much muscle as the foot does."""
    own = coarse_foot.grid
    scaling = np.diag((1.7, 1.3, 3.1, 1.0))
    shape = np.ceil(np.divide(own.shape, (1.7, 1.3, 3.1))).astype(int).tolist()
    grid = Grid.from_arrays(shape, own.matrix @ scaling)
    truth = coarse_foot.truth.muscles.voxels > 0

    share = seen_scans._share(truth, own, grid, np.argwhere(np.ones(shape)))

    due_mm3 = np.count_nonzero(truth) * own.voxel_volume_mm3
    assert share.sum() * grid.voxel_volume_mm3 == pytest.approx(due_mm3, rel=0.02)


def test_a_surer_network_keeps_its_mind(rng: np.random.Generator) -> None:
    """What is likelier than not stays so, where nothing is blurred."""
    grid = Grid.from_arrays((6, 7, 8), np.diag((20.0, 20.0, 20.0, 1.0)))
    chance = rng.random((6, 7, 8), dtype=np.float32)

    surer = border_examples._by_another(chance, grid, rng)

    assert surer.dtype == np.float32
    np.testing.assert_array_equal(surer > 0.5, chance > 0.5)


def made(rng: np.random.Generator, excess_mm3: float = 0.0) -> BorderExample:
    """Make borders of all muscles: one feature tells what is muscle."""
    features = rng.normal(size=(12_000, FEATURES)).astype(np.float32)
    muscles = np.resize(np.arange(1, 13, dtype=np.uint8), 12_000)
    share = (1 / (1 + np.exp(-2 * features[:, 2]))).astype(np.float32)
    return BorderExample(features, muscles, share, 2.0, excess_mm3 * np.eye(13)[1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own exporter
def test_borders_are_learnt_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """What the package loads gives what was learnt; the other networks stay as they were."""
    torch = pytest.importorskip("torch")
    from pipeline.segmenters.network import weights  # noqa: PLC0415
    from training import export  # noqa: PLC0415
    from training import train_boundary as borders  # noqa: PLC0415

    example = made(rng)
    model = borders.fit([example], 13, steps=300)
    model.offsets[3] = -50.0
    state = {"story": {"scans": 1}, "averaged": model.state_dict()}
    torch.save(state, tmp_path / "muscle_boundary.pt")
    before = weights._read(weights.MANIFEST)
    (tmp_path / weights.MANIFEST).write_bytes(before)
    export.export(tmp_path, tmp_path, "9.9.9")
    written = ("muscle_boundary.onnx", "network.toml")
    content = {name: (tmp_path / name).read_bytes() for name in written}
    packaged = weights._read
    monkeypatch.setattr(weights, "_read", lambda name: content.get(name) or packaged(name))
    weights.load_weights.cache_clear()
    loaded = weights.load_weights()
    weights.load_weights.cache_clear()

    shares = loaded.muscle_boundary.fractions(example.features, example.labels)
    is_third = example.labels == 3
    assert ((shares > 0.5) == (example.share > 0.5))[~is_third].mean() > 0.95
    assert (shares[is_third] < 0.01).all()  # by the offset of that muscle
    told = torch.from_numpy(example.features), torch.from_numpy(example.labels).long()
    np.testing.assert_allclose(shares, model(*told), atol=1e-5)
    assert loaded.manifest["version"] == "9.9.9"
    assert loaded.manifest["training"]["muscle_boundary"]["scans"] == 1
    assert loaded.manifest["files"]["fine"] == weights.load_weights().manifest["files"]["fine"]


def test_each_muscle_comes_to_its_volume(rng: np.random.Generator) -> None:
    """One is found too large away from its borders, so fewer voxels there count for it."""
    pytest.importorskip("torch")
    from training import train_boundary as borders  # noqa: PLC0415

    example = made(rng, excess_mm3=400.0)
    model = borders.fit([example], 13, steps=300)

    borders.even_out(model, [example])

    odds = borders._odds(model, example) + model.offsets.numpy()[example.labels]
    more_voxels = np.bincount(example.labels, (odds > 0) - example.share)
    assert more_voxels[1] == pytest.approx(-200, abs=5)  # of 2 mm3 each
    assert more_voxels[2:] == pytest.approx(0, abs=5)
