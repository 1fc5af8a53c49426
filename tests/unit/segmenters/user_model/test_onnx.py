"""User models as ONNX files, and what is refused."""

from itertools import permutations, product

import numpy as np
import pytest
from onnx import helper, numpy_helper
from onnx.external_data_helper import set_external_data
from user_models import by_intensity, loaded, make_onnx, manifest_of, parsed

from pipeline.domain.grid import Grid
from pipeline.errors import ConfigError
from pipeline.segmenters.user_model.manifest import OnnxManifest
from pipeline.segmenters.user_model.onnx import input_lattice, load_onnx, normalised

GOOD = by_intensity()
IMAGE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
ORIENTATIONS = [
    "".join(letters)
    for order in permutations(("RL", "AP", "SI"))
    for letters in product(*order)
]


def test_a_network_gives_the_probability_of_each_channel() -> None:
    """At every voxel; the manifest names the structure of each channel."""
    model = loaded(GOOD)

    found = model.probabilities(IMAGE)

    np.testing.assert_array_equal(found.argmax(axis=0), IMAGE)
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert model.manifest.classes == (*range(29), 0)
    assert model.size is None


def test_scores_become_probabilities() -> None:
    """By softmax, so that they sum to 1."""
    found = loaded(by_intensity(on=3.0), output="scores").probabilities(IMAGE)

    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(found.max(), np.exp(3) / (np.exp(3) + 29), rtol=1e-5)


@pytest.mark.parametrize(("wanted", "size"), [(None, (4, 5, 6)), ([4, 5, 6], (4, 5, 6))])
def test_the_size_is_that_of_the_file(wanted: list[int] | None, size: tuple[int, ...]) -> None:
    """The manifest need not repeat it."""
    content = by_intensity((1, 1, 4, 5, 6))

    assert loaded(content, size_voxels=wanted).size == size


def test_another_file_than_the_manifests_is_refused() -> None:
    """One byte is enough."""
    manifest = parsed(manifest_of(GOOD), OnnxManifest)

    with pytest.raises(ConfigError, match=r"must be that of its manifest: got sha256 \w{12}, "):
        load_onnx(manifest, GOOD + b"?")


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04\x95pickle"])
def test_other_formats_than_onnx_are_refused(content: bytes) -> None:
    """No other reader is tried."""
    with pytest.raises(
        ConfigError, match=r"'mine\.onnx' must be ONNX, weights included: got [A-Z_]+ "
    ):
        loaded(content)


def test_weights_in_another_file_are_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """The sha256 does not cover them; and onnxruntime prints nothing."""
    weights = numpy_helper.from_array(np.ones((30, 1, 1, 1, 1), np.float32), "w")
    set_external_data(weights, "elsewhere.bin")
    weights.ClearField("raw_data")
    conv = helper.make_node("Conv", ["image", "w"], ["chances"])

    with pytest.raises(ConfigError, match=r"must be ONNX, weights included"):
        loaded(make_onnx([conv], constants=[weights]))
    assert capfd.readouterr().err == ""


def two_images() -> bytes:
    """Make a network of two inputs."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["image", "other"], ["chances"])],
        "two",
        [
            helper.make_tensor_value_info(name, 1, (1, 1, "x", "y", "z"))
            for name in ("image", "other")
        ],
        [helper.make_tensor_value_info("chances", 1, (1, 1, "x", "y", "z"))],
    )
    opset = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=8
    ).SerializeToString()
    return content


def two_outputs() -> bytes:
    """Make a network of two outputs."""
    outs = ("chances", "more")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], [name]) for name in outs],
        "two",
        [helper.make_tensor_value_info("image", 1, (1, 1, "x", "y", "z"))],
        [helper.make_tensor_value_info(name, 1, (1, 1, "x", "y", "z")) for name in outs],
    )
    opset = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=8
    ).SerializeToString()
    return content


IDENTITY = [helper.make_node("Identity", ["image"], ["chances"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (two_images(), r"one float image .* inputs image .*, other .*; outputs chances"),
        (two_outputs(), r"give one output .* outputs chances .*, more "),
        (make_onnx(IDENTITY, (1, 2, 4, 4, 4), 2), r"must take one float image \(1, 1, x, y"),
        (make_onnx(IDENTITY, (2, 1, 4, 4, 4), 1), r"must take one float image \(1, 1, x, y"),
        (make_onnx(IDENTITY, (1, 1, 4, 4), 1), r"must take one float image \(1, 1, x, y, z\)"),
    ],
)
def test_networks_of_another_shape_are_refused(content: bytes, words: str) -> None:
    """The message lists inputs and outputs."""
    with pytest.raises(ConfigError, match=words):
        loaded(content)


def test_another_number_of_channels_is_refused() -> None:
    """The labels would be shifted."""
    with pytest.raises(ConfigError, match=r"got 30 labels, where 'mine\.onnx' has 31 channels"):
        loaded(by_intensity(channels=31))


def test_a_size_that_is_not_the_files_is_refused() -> None:
    """The message states both."""
    with pytest.raises(ConfigError, match=r"got \[4, 5, 7\], .* takes \[4, 5, 6\]\. Leave"):
        loaded(by_intensity((1, 1, 4, 5, 6)), size_voxels=[4, 5, 7])


def test_a_network_that_does_not_run_is_refused() -> None:
    """Such as one whose input has another size."""
    with pytest.raises(ConfigError, match=r"must run on \(2, 3, 4\) voxels: got .*Set size_v"):
        loaded(by_intensity((1, 1, 4, 5, 6))).probabilities(IMAGE)


def test_an_output_of_another_size_is_refused() -> None:
    """Where the file does not fix it."""
    content = by_intensity(is_cropped=True)

    with pytest.raises(ConfigError, match=r"\(1, 30, 2, 3, 4\): got \(1, 30, 1, 3, 4\)"):
        loaded(content).probabilities(IMAGE)


def test_scores_declared_as_probabilities_are_refused() -> None:
    """They do not sum to 1."""
    with pytest.raises(ConfigError, match=r'sum to 1 .* got 3 to 3\. Set output = "scores"'):
        loaded(by_intensity(on=3.0)).probabilities(IMAGE)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_input_has_the_orientation_of_the_manifest(orientation: str, grid: Grid) -> None:
    """Its axes point where the letters say, as nearly as the axes of the scan do."""
    manifest = loaded(GOOD, orientation=orientation, spacing_mm=[0.5, 1.0, 1.5]).manifest

    pose, shape, target_mm = input_lattice(grid, manifest)

    axis_of = {"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}
    for axis, letter in enumerate(orientation):
        direction = pose[:3, axis] / (0.5, 1.0, 1.5)[axis]
        assert np.linalg.norm(direction) == pytest.approx(1)
        assert abs(direction[axis_of[letter]]) > 0.9
        assert (direction[axis_of[letter]] > 0) == (letter in "RAS")
    extent_mm = np.array(shape) * (0.5, 1.0, 1.5)
    whole_mm = sorted(np.array(grid.shape) * grid.spacing_mm)
    assert (sorted(extent_mm) >= np.array(whole_mm) - 1e-6).all()
    assert sorted(target_mm) == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"normalisation": "none"}, [0, 2, 6]),
        ({"normalisation": "zscore"}, [-1, -0.5, 0.5]),
        ({"normalisation": "percentile", "percentiles": [0, 50]}, [0, 0.5, 1]),
    ],
)
def test_intensity_is_normalised_by_the_whole_scan(
    changes: dict[str, object], expected: list[float]
) -> None:
    """Not by the input, which may be a tile or padded with air."""
    values = np.array([0, 2, 6], np.float32)[:, None, None]
    intensity = np.array([0, 0, 4, 8, 8], np.float32)
    if changes["normalisation"] == "zscore":
        intensity = np.array([0, 8], np.float32)

    found = normalised(values, intensity, loaded(GOOD, **changes).manifest)

    np.testing.assert_allclose(found.ravel(), expected)
