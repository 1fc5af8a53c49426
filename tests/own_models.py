"""Tiny ONNX files that stand for a user's own network, and their records."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import tomli_w
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from oracle import classes_of
from simulated import Simulated, on_grid

from pipeline.domain.anatomy import BONE_NAMES, MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.phantom.foot import Foot
from pipeline.segmenters import own
from pipeline.segmenters.own_model import OwnModel, load_model, parse_record
from pipeline.segmenters.sight import OTHER

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


def by_brightness(
    image: Sequence[int | str] = ANY,
    on: float = 1.0,
    channels: int = CHANNELS,
    *,
    is_cropped: bool = False,
) -> bytes:
    """Make a network whose channel is the brightness: 8 is channel 8."""
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


def by_heart(classes: NDArray[np.uint8]) -> bytes:
    """Make a network that gives these classes, whatever it is shown."""
    constants = [
        numpy_helper.from_array(classes[None], "known"),
        numpy_helper.from_array(np.array(CHANNELS), "depth"),
        numpy_helper.from_array(np.array([0, 1], np.float32), "values"),
        numpy_helper.from_array(np.array(0, np.float32), "nothing"),
    ]
    nodes = [
        helper.make_node("Cast", ["known"], ["channel"], to=TensorProto.INT64),
        helper.make_node("OneHot", ["channel", "depth", "values"], ["learnt"], axis=1),
        helper.make_node("Mul", ["image", "nothing"], ["unused"]),
        helper.make_node("Add", ["learnt", "unused"], ["chances"]),
    ]
    return make_onnx(nodes, (1, 1, *classes.shape), constants=constants)


def record_of(content: bytes, **changes: Any) -> str:
    """Write the record of a network; what is changed to None is left out."""
    record: dict[str, Any] = {
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
    record["labels"] = {str(channel): name for channel, name in record["labels"].items()}
    return tomli_w.dumps({k: v for k, v in record.items() if v is not None})


def loaded(content: bytes, **changes: Any) -> OwnModel:
    """Load a network with its record."""
    return load_model(parse_record(record_of(content, **changes), "mine.toml"), content)


def knowing(simulated: Simulated, spacing_mm: float = 2.0, *, refine: bool) -> OwnModel:
    """Load a network that knows one scan's truth by heart."""
    learnt = learn(simulated.foot, simulated.scan.grid, spacing_mm)
    return loaded(learnt, spacing_mm=[spacing_mm] * 3, refine=refine)


def learn(foot: Foot, grid: Grid, spacing_mm: float = 2.0) -> bytes:
    """Make a network that knows by heart a foot that was scanned on this grid."""
    record = loaded(by_brightness(), spacing_mm=[spacing_mm] * 3).record
    frame, shape, _ = own._laid(grid, record)
    affine = frame.copy()
    affine[:3, 3] -= frame[:3, :3] @ ((shape - 1) / 2)
    truth = LabelMap(classes_of(foot), foot.grid, {n: str(n) for n in range(1, CHANNELS)})
    return by_heart(on_grid(truth, Grid.from_arrays(shape.tolist(), affine)))
