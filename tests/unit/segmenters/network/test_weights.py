"""The packaged networks and their manifest, and which files are refused."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import tomli_w
from numpy.typing import NDArray
from onnx import TensorProto, helper

from pipeline.errors import ArtefactError
from pipeline.segmenters.network import weights
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.patch import COARSE, FINE, Patch
from pipeline.segmenters.network.weights import MANIFEST, Weights, load_weights

SHAPE = b"bone\tmean_mm\n" + b"".join(
    b"1\t%d\t%d\t%d\t%d\n" % (k, *row) for k, row in enumerate(np.eye(3))
)
BONE = {"centre_mm": [0.0, 1.0, 2.0], "half_size_mm": [3.0, 4.0, 5.0]}


def tiny(patch: Patch) -> bytes:
    """Make a network that separates bright from dark."""
    shape = (1, 1, *patch.input.shape)
    nodes = [
        helper.make_node("Neg", ["image"], ["dark"]),
        helper.make_node("Concat", ["dark", "image"], ["scores"], axis=1),
        helper.make_node("Softmax", ["scores"], ["muscles"], axis=1),
        helper.make_node(
            "AveragePool",
            ["muscles"],
            ["chances"],
            kernel_shape=patch.split,
            strides=patch.split,
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("chances", TensorProto.FLOAT, (1, 2, *patch.shape)),
            helper.make_tensor_value_info(
                "muscles", TensorProto.FLOAT, (1, 2, *patch.input.shape)
            ),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def tiny_boundary() -> bytes:
    """Make one that gives the mean of the features plus the label."""
    voxels = ["voxels", FEATURES]
    nodes = [
        helper.make_node("ReduceMean", ["features"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["labels"], ["label"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["mean", "label"], ["share"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, voxels),
            helper.make_tensor_value_info("labels", TensorProto.INT64, voxels[:1]),
        ],
        [helper.make_tensor_value_info("share", TensorProto.FLOAT, voxels[:1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Replace the packaged networks and their manifest by tiny ones."""
    kept = {
        "coarse.onnx": tiny(COARSE),
        "fine.onnx": tiny(FINE),
        "muscle_boundary.onnx": tiny_boundary(),
        "bone_boundary.onnx": tiny_boundary(),
        "bone_shape.tsv": SHAPE,
    }
    manifest = {
        "name": "tiny",
        "files": {
            Path(name).stem: {
                "name": name,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in kept.items()
        },
        "bones": {"1": BONE},
    }
    kept[MANIFEST] = tomli_w.dumps(manifest).encode()
    read = weights._read
    monkeypatch.setattr(weights, "_read", lambda name: kept.get(name) or read(f"no {name}"))
    load_weights.cache_clear()
    yield kept
    load_weights.cache_clear()


@pytest.fixture
def loaded(files: dict[str, bytes]) -> Weights:  # noqa: ARG001
    """Load them."""
    return load_weights()


@pytest.fixture
def image(rng: np.random.Generator) -> NDArray[np.float32]:
    """Make an input of the fine network."""
    return rng.random(FINE.input.shape, dtype=np.float32)


def test_a_network_gives_probabilities_and_the_same_bytes_twice(
    loaded: Weights, image: NDArray[np.float32]
) -> None:
    """Classes come first; they sum to 1 at every voxel."""
    first, second = loaded.fine.probabilities(image), loaded.fine.probabilities(image)

    assert first.shape == (2, *FINE.shape)
    np.testing.assert_allclose(first.sum(axis=0), 1, atol=1e-6)
    assert first.tobytes() == second.tobytes()


def test_muscles_are_given_in_the_voxels_of_the_input(
    loaded: Weights, image: NDArray[np.float32]
) -> None:
    """Either output is the same without the other."""
    probabilities, muscles = loaded.fine.probabilities_and_muscles(image)

    np.testing.assert_array_equal(muscles[1] > 0.5, image > 0)
    np.testing.assert_array_equal(probabilities, loaded.fine.probabilities(image))
    np.testing.assert_array_equal(muscles, loaded.fine.muscles(image))


def test_the_manifest_gives_the_bones_of_the_patch(loaded: Weights) -> None:
    """By label, in mm."""
    np.testing.assert_array_equal(loaded.centres_mm[1], BONE["centre_mm"])
    np.testing.assert_array_equal(loaded.half_sizes_mm[1], BONE["half_size_mm"])
    assert loaded.manifest["name"] == "tiny"


def test_the_bone_shape_is_loaded(loaded: Weights) -> None:
    """Mean and covariance of the bones it names."""
    assert loaded.bone_shape.labels == (1,)
    np.testing.assert_array_equal(loaded.bone_shape.mean_mm, [[0, 1, 2]])
    np.testing.assert_array_equal(loaded.bone_shape.covariance_mm2, np.eye(3))


def test_a_boundary_network_gives_one_number_per_voxel(loaded: Weights) -> None:
    """For any number of voxels."""
    features = np.arange(3 * FEATURES, dtype=np.float32).reshape(3, FEATURES)
    labels = np.array([1, 5, 12], dtype=np.uint8)

    fractions = loaded.bone_boundary.fractions(features, labels)

    np.testing.assert_allclose(fractions, features.mean(axis=1) + labels)


@pytest.mark.parametrize(
    "name",
    [
        "coarse.onnx",
        "fine.onnx",
        "muscle_boundary.onnx",
        "bone_boundary.onnx",
        "bone_shape.tsv",
    ],
)
def test_altered_weights_are_refused(name: str, files: dict[str, bytes]) -> None:
    """One byte is enough."""
    files[name] += b"?"

    words = rf"{name} must be the file of its manifest: got sha256 .* says .*Install"
    with pytest.raises(ArtefactError, match=words):
        load_weights()


@pytest.mark.parametrize(
    "name", ["coarse.onnx", "bone_boundary.onnx", "bone_shape.tsv", MANIFEST]
)
def test_missing_weights_are_refused(name: str, files: dict[str, bytes]) -> None:
    """The message names the file and what to do."""
    del files[name]

    words = rf"must lie in the package: got no no {name} .*make them with make train"
    with pytest.raises(ArtefactError, match=words):
        load_weights()


@pytest.mark.integration
def test_a_session_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """Nor an identifier of the machine, which onnxruntime would write and send."""
    code = "from pipeline.segmenters.network.weights import load_weights; load_weights()"
    known = {name: cell for name, cell in os.environ.items() if "TELEMETRY" not in name}
    environment = {**known, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)

    assert [*tmp_path.rglob("*")] == []
