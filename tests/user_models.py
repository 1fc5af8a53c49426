"""Tiny user models, as ONNX files and results of nnU-Net, and their manifests."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import tomli_w
from nibabel.orientations import aff2axcodes
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from simulated import Simulated

from pipeline.domain.anatomy import BONE_NAMES, MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network.prediction import OTHER
from pipeline.segmenters.user_model.manifest import (
    Manifest,
    NnunetManifest,
    OnnxManifest,
    parse_manifest,
)
from pipeline.segmenters.user_model.nnunet import NnunetModel
from pipeline.segmenters.user_model.onnx import OnnxModel, input_lattice, load_onnx
from training.examples import classes_of
from validation.label_overlap import on_grid

LABELS = dict(
    enumerate(
        (
            "background",
            *(m.abbreviation for m in MUSCLES),
            *BONE_NAMES.values(),
            "background",
        )
    )
)
CHANNELS = OTHER + 1
ANY = (1, 1, "x", "y", "z")


def make_onnx(
    nodes: Sequence[onnx.NodeProto],
    image: Sequence[int | str] = ANY,
    channels: int | str = CHANNELS,
    constants: Sequence[onnx.TensorProto] = (),
) -> bytes:
    """Make an ONNX file from ``image`` to ``chances``."""
    graph = helper.make_graph(
        nodes,
        "own",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, image)],
        [
            helper.make_tensor_value_info(
                "chances", TensorProto.FLOAT, (1, channels, *image[2:])
            )
        ],
        constants,
    )
    opset = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=8
    ).SerializeToString()
    return content


def by_intensity(
    image: Sequence[int | str] = ANY,
    on: float = 1.0,
    channels: int = CHANNELS,
    *,
    is_cropped: bool = False,
) -> bytes:
    """Make a network that predicts the class that the intensity gives: 8 is channel 8."""
    constants = [
        numpy_helper.from_array(np.array([1]), "axis"),
        numpy_helper.from_array(np.array(channels), "depth"),
        numpy_helper.from_array(np.array([0, on], np.float32), "values"),
    ]
    nodes = [
        helper.make_node("Squeeze", ["image", "axis"], ["plain"]),
        helper.make_node("Round", ["plain"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["channel"], to=TensorProto.INT64),
        helper.make_node("OneHot", ["channel", "depth", "values"], ["chances"], axis=1),
    ]
    if is_cropped:
        nodes[-1].output[:] = ["whole_chances"]
        constants.append(numpy_helper.from_array(np.array([2]), "two"))
        ends = ["whole_chances", "axis", "two", "two"]
        nodes.append(helper.make_node("Slice", ends, ["chances"]))
        image = ANY
    return make_onnx(nodes, image, channels, constants)


def constant_output(classes: NDArray[np.uint8]) -> bytes:
    """Make a network that predicts these classes for every input."""
    constants = [
        numpy_helper.from_array(classes[None], "known"),
        numpy_helper.from_array(np.array(CHANNELS), "depth"),
        numpy_helper.from_array(np.array([0, 1], np.float32), "values"),
        numpy_helper.from_array(np.array(0, np.float32), "nothing"),
    ]
    nodes = [
        helper.make_node("Cast", ["known"], ["channel"], to=TensorProto.INT64),
        helper.make_node("OneHot", ["channel", "depth", "values"], ["content"], axis=1),
        helper.make_node("Mul", ["image", "nothing"], ["unused"]),
        helper.make_node("Add", ["content", "unused"], ["chances"]),
    ]
    return make_onnx(nodes, (1, 1, *classes.shape), constants=constants)


def manifest_of(content: bytes, **changes: Any) -> str:
    """Write the manifest of a network; keys that are changed to None are left out."""
    manifest: dict[str, Any] = {
        "name": "mine",
        "version": "1.0",
        "file": "mine.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "spacing_mm": [2.0, 2.0, 2.0],
        "orientation": "RAS",
        "normalisation": "none",
        "output": "chances",
        "refine": False,
        "labels": LABELS,
    } | changes
    return _toml(manifest)


def nnunet_manifest_of(files: Mapping[str, bytes], **changes: Any) -> str:
    """Write the manifest of a results folder; keys that are changed to None are left out."""
    manifest: dict[str, Any] = {
        "name": "mine",
        "version": "1.0",
        "folder": "results",
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "orientation": "RAS",
        "refine": False,
        "labels": LABELS,
    }
    return _toml(manifest | changes)


def _toml(manifest: dict[str, Any]) -> str:
    manifest["labels"] = {str(channel): name for channel, name in manifest["labels"].items()}
    return tomli_w.dumps({k: v for k, v in manifest.items() if v is not None})


def parsed(text: str, kind: type[Manifest]) -> Manifest:
    """Parse a manifest."""
    return parse_manifest(tomllib.loads(text), "mine.toml", kind)


class Predictor:
    """A stand-in for nnU-Net's own, which predicts the class that the intensity gives.

    Parameters
    ----------
    known
        Classes that it predicts for every input.
    """

    def __init__(self, known: NDArray[np.uint8] | None = None) -> None:
        self.known = known
        self.spacings_mm: list[float] = []

    def predict_single_npy_array(
        self, image: NDArray[np.float32], properties: dict[str, Any], *_: object
    ) -> tuple[None, NDArray[np.float32]]:
        """Take an array k, j, i and give channels, k, j, i."""
        self.spacings_mm = properties["spacing"]
        classes = np.rint(image[0]).astype(int) if self.known is None else self.known.T
        assert classes.shape == image.shape[1:]
        return None, np.moveaxis(np.eye(CHANNELS, dtype=np.float32)[classes], -1, 0)


def nnunet(predictor: Predictor, **changes: Any) -> NnunetModel:
    """Give the network of a results folder, with this predictor in place of its own."""
    files = dict.fromkeys(("plans.json", "dataset.json", "fold_0/checkpoint.pth"), b"")
    text = nnunet_manifest_of(files, **changes)
    return NnunetModel(parsed(text, NnunetManifest), predictor)


def perfect_nnunet(simulated: Simulated, *, refine: bool) -> NnunetModel:
    """Give one that predicts the ground truth of one scan."""
    foot = simulated.foot
    truth = LabelMap(classes_of(foot), foot.grid, {n: str(n) for n in range(1, CHANNELS)})
    known = on_grid(truth, simulated.scan.grid)
    stored = "".join(aff2axcodes(simulated.scan.grid.matrix))
    return nnunet(Predictor(known), orientation=stored, refine=refine)


def loaded(content: bytes, **changes: Any) -> OnnxModel:
    """Load a network with its manifest."""
    return load_onnx(parsed(manifest_of(content, **changes), OnnxManifest), content)


def perfect_model(simulated: Simulated, spacing_mm: float = 2.0, *, refine: bool) -> OnnxModel:
    """Load a network that predicts the ground truth of one scan."""
    content = perfect_onnx(simulated.foot, simulated.scan.grid, spacing_mm)
    return loaded(content, spacing_mm=[spacing_mm] * 3, refine=refine)


def perfect_onnx(foot: Foot, grid: Grid, spacing_mm: float = 2.0) -> bytes:
    """Make a network that predicts the ground truth of a foot scanned on this grid."""
    manifest = loaded(by_intensity(), spacing_mm=[spacing_mm] * 3).manifest
    pose, shape, _ = input_lattice(grid, manifest)
    affine = pose.copy()
    affine[:3, 3] -= pose[:3, :3] @ ((shape - 1) / 2)
    truth = LabelMap(classes_of(foot), foot.grid, {n: str(n) for n in range(1, CHANNELS)})
    return constant_output(on_grid(truth, Grid.from_arrays(shape.tolist(), affine)))
