"""Results folders of nnU-Net as user models, and what is refused."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nnunet_results import make_results
from user_models import CHANNELS, Predictor, nnunet, nnunet_manifest_of, parsed

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network.prediction import Prediction
from pipeline.segmenters.user_model.manifest import NnunetManifest
from pipeline.segmenters.user_model.nnunet import NnunetModel, load_nnunet
from pipeline.segmenters.user_model.user_segmenter import UserModelSegmenter
from training.examples import classes_of

EMPTY = dict.fromkeys(("plans.json", "dataset.json", "fold_0/checkpoint_final.pth"), b"{}")


def load(files: Mapping[str, bytes], **changes: Any) -> NnunetModel:
    """Load a results folder with its manifest."""
    text = nnunet_manifest_of(files, **changes)
    return load_nnunet(parsed(text, NnunetManifest), files)


@pytest.mark.integration
@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAL", "PIR"])
def test_nnunet_labels_are_right_in_any_orientation(
    orientation: str, coarse_foot: Foot
) -> None:
    """Rotated and mirrored for nnU-Net, and back again to the voxel."""
    scan = Scan(classes_of(coarse_foot).astype(np.float32), coarse_foot.grid)

    found = UserModelSegmenter(nnunet(Predictor(), orientation=orientation)).segment(scan)

    np.testing.assert_array_equal(found.muscles.voxels, coarse_foot.truth.muscles.voxels)
    np.testing.assert_array_equal(found.bones.voxels, coarse_foot.truth.bones.voxels)
    assert (found.side, found.segmenter) == (Side.RIGHT, "nnunet:mine-1.0")


def test_spacing_goes_with_the_axes(rng: np.random.Generator) -> None:
    """nnU-Net counts from the last axis, and resamples by the spacing given."""
    predictor = Predictor(np.zeros((4, 6, 5), np.uint8))
    grid = Grid.from_arrays((4, 5, 6), np.diag((1.0, 2.0, 3.0, 1.0)))

    prediction = nnunet(predictor, orientation="RSA").predict(
        Scan(rng.random((4, 5, 6), dtype=np.float32), grid)
    )

    assert predictor.spacings_mm == [2.0, 3.0, 1.0]
    assert prediction.probabilities[0].shape == (4, 6, 5)


def test_a_failure_inside_nnunet_is_reported(coarse_foot: Foot) -> None:
    """With the first line of its message."""
    scan = Scan(classes_of(coarse_foot).astype(np.float32), coarse_foot.grid)
    model = NnunetModel(nnunet(Predictor()).manifest, predictor=None)

    with pytest.raises(ConfigError, match=r"'results' must run on .* nnUNetv2_predict"):
        model.predict(scan)


def test_another_file_of_the_folder_is_refused() -> None:
    """One byte in any of them is enough."""
    manifest = parsed(nnunet_manifest_of(EMPTY), NnunetManifest)

    with pytest.raises(ConfigError, match=r"'plans\.json' must be that of its manifest"):
        load_nnunet(manifest, {**EMPTY, "plans.json": b"{ }"})


def test_without_nnunet_the_user_is_told_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is optional."""
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(
        ConfigError, match=r"needs nnU-Net v2 and torch: got .* docs/own_model\.md"
    ):
        load(EMPTY)


# The tests below need nnU-Net itself, which is optional (docs/own_model.md), and use an
# untrained network.


@pytest.fixture
def results(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Make the results folder of an untrained network, with the changes of a test."""
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("nnunetv2", reason="nnU-Net is not installed")
    return make_results(**getattr(request, "param", {}))


def predict(results: dict[str, bytes], orientation: str) -> Prediction:
    """Predict an image by an untrained network."""
    shape = (24, 20, 12)
    intensity = np.random.default_rng(1).random(shape, dtype=np.float32)
    grid = Grid.from_arrays(shape, np.diag((-1.0, 1.0, 2.0, 1.0)))
    return load(results, orientation=orientation).predict(Scan(intensity, grid))


def test_an_untrained_network_gives_probabilities(
    results: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    """Of every channel at every voxel, the same each time, and nothing is printed."""
    prediction, again = predict(results, "LAS"), predict(results, "LAS")

    assert prediction.probabilities.shape == (CHANNELS, 24, 20, 12)
    np.testing.assert_allclose(prediction.probabilities.sum(axis=0), 1, atol=1e-3)
    np.testing.assert_array_equal(prediction.probabilities, again.probabilities)
    assert capfd.readouterr().out == ""


def test_an_untrained_network_gets_the_orientation_of_the_manifest(
    results: dict[str, bytes],
) -> None:
    """A network without symmetry gives other probabilities for the mirror image."""
    as_stored, mirrored = predict(results, "LAS"), predict(results, "RAS")

    assert np.abs(as_stored.probabilities - mirrored.probabilities[:, ::-1]).max() > 0.01


class Runs:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, ("unpickled", "w")


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"extra": Runs()}, r"must hold weights and plain values only.*nnU-Net v2 itself"),
        (
            {"network_class_name": "os.path.join"},
            r"got a network made of os\.path\.join\. Take",
        ),
        ({"channels": 5}, r"5 channels where the manifest names 30"),
        ({"images": 2}, r"for one image: got 2 images"),
        ({"previous_stage": "3d_lowres"}, "for one image: got a cascade"),
        ({"width": 4}, r"got Error.* in loading state_dict"),
    ],
    indirect=["results"],
)
def test_results_that_do_not_fit_are_refused(
    results: dict[str, bytes], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says why; nothing that they hold was run."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=words):
        load(results)
    assert not list(tmp_path.iterdir())
