"""A user's own network and its record, and what is refused in a sentence."""

from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper
from onnx.external_data_helper import set_external_data
from user_models import LABELS, by_brightness, loaded, make_onnx, manifest_of

from pipeline.errors import ConfigError
from pipeline.segmenters.user_model.manifest import OnnxManifest, parse_manifest
from pipeline.segmenters.user_model.onnx import load_onnx

GOOD = by_brightness()
SHOWN = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def test_a_network_gives_the_chance_of_each_channel() -> None:
    """At every voxel; the table tells which structure a channel is."""
    model = loaded(GOOD)

    found = model.probabilities(SHOWN)

    np.testing.assert_array_equal(found.argmax(axis=0), SHOWN)
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert model.record.classes == (*range(29), 0)
    assert model.size is None


def test_scores_become_chances() -> None:
    """By softmax, so that they add up to 1."""
    found = loaded(by_brightness(on=3.0), output="scores").probabilities(SHOWN)

    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(found.max(), np.exp(3) / (np.exp(3) + 29), rtol=1e-5)


def test_several_channels_may_be_one_structure() -> None:
    """As two heads of one muscle; names and abbreviations are both known, in any case."""
    labels = LABELS | {29: "Flexor hallucis brevis", 6: "fhb"}

    assert loaded(GOOD, labels=labels).record.classes[29] == 6


@pytest.mark.parametrize(("asked", "size"), [(None, (4, 5, 6)), ([4, 5, 6], (4, 5, 6))])
def test_the_size_is_that_of_the_file(asked: list[int] | None, size: tuple[int, ...]) -> None:
    """The record need not repeat it."""
    content = by_brightness((1, 1, 4, 5, 6))

    assert loaded(content, size_voxels=asked).size == size


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spacing_mm": [1, 0, 1]}, r"'spacing_mm\.1' .* greater than 0, got 0\). Correct it"),
        ({"spacing_mm": [1, -2, 1]}, r"'spacing_mm\.1' .* greater than 0, got -2"),
        ({"spacing": 1}, r"'spacing' in 'mine\.toml' does not fit \(extra inputs are not"),
        ({"refine": None}, r"'refine' in .* \(field required\)"),
        ({"sha256": "ab"}, r"'sha256' .* should match"),
        ({"file": "../mine.onnx"}, r"'file' .* should match"),
        ({"name": "a b"}, r"'name' .* should match"),
        ({"orientation": "RAP"}, r"it needs one letter each of R or L.*got 'RAP'"),
        ({"percentiles": [90, 10]}, r"it needs percentiles that rise, got \(90\.0, 10\.0\)"),
        ({"normalisation": "minmax"}, r"'normalisation' .*'percentile', 'zscore' or 'none'"),
        ({"labels": LABELS | {3: "soleus"}}, r"footvol info, or 'background', got 'soleus'"),
        ({"labels": LABELS | {31: "talus"}}, r"every channel from 0 on, got 0, 1, .*31"),
        ({"labels": LABELS | {4: "background"}}, r"told as 0 cm3.*got no quadratus plantae"),
        ({"labels": LABELS | {14: "cuboid"}}, r"border and the side .* got no talus\)"),
    ],
)
def test_records_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    """The sentence names the key and what it needs."""
    with pytest.raises(ConfigError, match=words):
        parse_manifest(manifest_of(GOOD, **changes), "mine.toml", OnnxManifest)


def test_a_record_without_end_is_refused() -> None:
    """Python reads no table nested so deep."""
    with pytest.raises(ConfigError, match=r"must be TOML: got 'mine\.toml' \(tables or lists"):
        parse_manifest("a = " + "[" * 20_000, "mine.toml", OnnxManifest)


def test_a_record_that_is_not_toml_is_refused() -> None:
    """With what is wrong in it."""
    with pytest.raises(ConfigError, match=r"must be TOML: got 'mine\.toml' \(Invalid value"):
        parse_manifest("name = ", "mine.toml", OnnxManifest)


def test_another_file_than_the_records_is_refused() -> None:
    """One byte is enough."""
    record = parse_manifest(manifest_of(GOOD), "mine.toml", OnnxManifest)

    with pytest.raises(ConfigError, match=r"must be that of its record: got sha256 \w{12}, "):
        load_onnx(record, GOOD + b"?")


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04\x95pickle"])
def test_what_is_not_onnx_is_refused(content: bytes) -> None:
    """Nothing else is ever tried on it."""
    with pytest.raises(
        ConfigError, match=r"'mine\.onnx' must be ONNX, weights included: got [A-Z_]+ "
    ):
        loaded(content)


def test_weights_in_another_file_are_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """The sum of the record does not cover them; and onnxruntime does not print beside."""
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
    """The sentence tells what they take and give."""
    with pytest.raises(ConfigError, match=words):
        loaded(content)


def test_another_number_of_channels_is_refused() -> None:
    """Else labels would be one off."""
    with pytest.raises(ConfigError, match=r"got 30 labels, where 'mine\.onnx' has 31 channels"):
        loaded(by_brightness(channels=31))


def test_a_size_that_is_not_the_files_is_refused() -> None:
    """Both are told."""
    with pytest.raises(ConfigError, match=r"got \[4, 5, 7\], .* takes \[4, 5, 6\]\. Leave"):
        loaded(by_brightness((1, 1, 4, 5, 6)), size_voxels=[4, 5, 7])


def test_a_network_that_does_not_run_is_refused() -> None:
    """As one that is shown a size it does not take."""
    with pytest.raises(ConfigError, match=r"must run on \(2, 3, 4\) voxels: got .*Set size_v"):
        loaded(by_brightness((1, 1, 4, 5, 6))).probabilities(SHOWN)


def test_an_output_of_another_size_is_refused() -> None:
    """Where the file does not tell it beforehand."""
    content = by_brightness(is_cropped=True)

    with pytest.raises(ConfigError, match=r"\(1, 30, 2, 3, 4\): got \(1, 30, 1, 3, 4\)"):
        loaded(content).probabilities(SHOWN)


def test_scores_that_are_told_as_chances_are_refused() -> None:
    """They do not add up to 1."""
    with pytest.raises(ConfigError, match=r'add up to 1 .* got 3 to 3\. Set output = "scores"'):
        loaded(by_brightness(on=3.0)).probabilities(SHOWN)
