"""Export checkpoints as the package's ONNX models: ``python -m training.export``."""

import argparse
import csv
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
import torch
from torch import nn

import pipeline
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.weights import BOUNDARY_LABELS, MANIFEST, PATCHES
from pipeline.store.files import written_whole
from training.boundary_scans import BOUNDARY_STREAM
from training.checkpoints import START, save_start
from training.examples import EXAMPLE_STREAM, PATCHES_PER_SCAN
from training.feet import FOOT_STREAM
from training.model import CHANNELS, BoundaryModel, FootNet
from training.template import bone_sizes

StateDict = Mapping[str, torch.Tensor]
_OPSET = 17
_LICENCE = "BSD-3-Clause; the digital foot's proportions: see pipeline/phantom/NOTICE"


def main() -> None:
    """Export the networks in a folder, with their manifest, into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--version", default="0.1.0")
    models = Path(pipeline.__file__).parent / "segmenters" / "network" / "models"
    parser.add_argument("--models", type=Path, default=models)
    given = parser.parse_args()
    export(given.folder, given.models, given.version)


def export(folder: Path, models: Path, version: str) -> None:
    """Write the averaged weights as ONNX models, and update their manifest.

    Notes
    -----
    A network without a checkpoint in the folder is not changed: the boundary networks are
    trained on predictions of the others, so those are exported first.
    """
    manifest = models / MANIFEST
    record = tomllib.loads(manifest.read_text()) if manifest.exists() else {}
    files, training = record.setdefault("files", {}), record.setdefault("training", {})
    for name, patch in PATCHES.items():
        if (checkpoint := folder / f"{name}.pt").exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            files[name] = _export_footnet(name, patch, state["averaged"], models)
            save_start(START / f"{name}.pt", checkpoint)
            log = folder / f"{name}.csv"
            training[name] = _training_record(int(state["scan"]), state["feet"], log)
    for name, labels in BOUNDARY_LABELS.items():
        if (checkpoint := folder / f"{name}.pt").exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            files[name] = _export_boundary_model(name, labels, state["averaged"], models)
            training[name] = state["story"]
    record |= {
        "name": "footnet",
        "version": version,
        "licence": _LICENCE,
        "bones": {str(label): bone for label, bone in bone_sizes().items()},
    }
    training |= {
        "example_stream": EXAMPLE_STREAM,
        "foot_stream": FOOT_STREAM,
        "border_stream": BOUNDARY_STREAM,
    }
    with written_whole(manifest) as scratch:
        scratch.write_text(tomli_w.dumps(record))


def _export_footnet(
    name: str, patch: Patch, weights: StateDict, models: Path
) -> dict[str, str]:
    net = FootNet(patch.split)
    net.load_state_dict(weights)
    inputs = {"image": torch.zeros(1, 1, *patch.input.shape)}
    outputs = ["chances", "muscles"] if net.is_split else ["chances"]
    return _write_onnx(net, inputs, outputs, models / f"{name}.onnx")


def _export_boundary_model(
    name: str, labels: int, weights: StateDict, models: Path
) -> dict[str, str]:
    model = BoundaryModel(labels)
    model.load_state_dict(weights)
    inputs = {
        "features": torch.zeros(2, FEATURES),
        "labels": torch.zeros(2, dtype=torch.long),
    }
    return _write_onnx(model, inputs, ["share"], models / f"{name}.onnx", {0: "voxels"})


def _write_onnx(
    net: nn.Module,
    inputs: Mapping[str, torch.Tensor],
    outputs: list[str],
    path: Path,
    free_axes: Mapping[int, str] | None = None,
) -> dict[str, str]:
    net.eval()
    with written_whole(path) as scratch:
        torch.onnx.export(
            net,
            tuple(inputs.values()),
            str(scratch),
            input_names=[*inputs],
            output_names=outputs,
            dynamic_axes=dict.fromkeys(inputs, free_axes) if free_axes else None,
            opset_version=_OPSET,
            dynamo=False,
        )
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _training_record(scans: int, feet: int, log: Path) -> dict[str, Any]:
    """Give the extent of the training, and the last Dice on held-out feet."""
    with log.open(newline="") as lines:
        *_, last = csv.reader(lines)
    dices = [float(x) for x in last[3:]]
    names = [*MUSCLE_NAMES.values(), *BONE_NAMES.values()]
    return {
        "scans": scans,
        "views_per_scan": PATCHES_PER_SCAN,
        "feet": feet,
        "channels": list(CHANNELS),
        "held_out_dice": dict(zip(names, dices, strict=True)),
    }


if __name__ == "__main__":
    main()
