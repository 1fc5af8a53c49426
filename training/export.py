"""Checkpoints to what the package carries: ``python -m training.export``."""

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
from pipeline.segmenters.network.weights import BOUNDARY_LABELS, MANIFEST, PATCHES
from pipeline.store.files import written_whole
from training.boundary_scans import BORDER_STREAM
from training.checkpoints import START, save_start
from training.examples import EXAMPLE_STREAM, VIEWS
from training.feet import FOOT_STREAM
from training.model import CHANNELS, BorderModel, FootNet
from training.template import bone_sizes

_OPSET = 17
_LICENCE = "BSD-3-Clause; the digital foot's proportions: see pipeline/phantom/NOTICE"


def main() -> None:
    """Write the networks that the folder holds, and their record, into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--version", default="0.1.0")
    models = Path(pipeline.__file__).parent / "segmenters" / "network" / "models"
    parser.add_argument("--models", type=Path, default=models)
    given = parser.parse_args()
    export(given.folder, given.models, given.version)


def export(folder: Path, models: Path, version: str) -> None:
    """Write averaged weights as ONNX, and the record beside them.

    Notes
    -----
    A network of which the folder holds no checkpoint stays as it is, as those for
    borders are learnt after the others: they are shown what those see.
    """
    kept = models / MANIFEST
    record = tomllib.loads(kept.read_text()) if kept.exists() else {}
    files, training = record.setdefault("files", {}), record.setdefault("training", {})
    for name, window in PATCHES.items():
        checkpoint = folder / f"{name}.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            net = FootNet(window.split)
            net.load_state_dict(state["averaged"])
            outputs = ["chances", "muscles"] if net.is_split else ["chances"]
            shown = torch.zeros(1, 1, *window.input.shape)
            files[name] = _write_onnx(net, {"image": shown}, outputs, models / f"{name}.onnx")
            save_start(START / f"{name}.pt", checkpoint)
            training[name] = _story(int(state["scan"]), state["feet"], folder / f"{name}.csv")
    for name, labels in BOUNDARY_LABELS.items():
        checkpoint = folder / f"{name}.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            border = BorderModel(labels)
            border.load_state_dict(state["averaged"])
            told = {
                "features": torch.zeros(2, FEATURES),
                "labels": torch.zeros(2, dtype=torch.long),
            }
            target = models / f"{name}.onnx"
            files[name] = _write_onnx(border, told, ["share"], target, {0: "voxels"})
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
        "border_stream": BORDER_STREAM,
    }
    with written_whole(kept) as scratch:
        scratch.write_text(tomli_w.dumps(record))


def _write_onnx(
    net: nn.Module,
    told: Mapping[str, torch.Tensor],
    outputs: list[str],
    path: Path,
    free_axes: Mapping[int, str] | None = None,
) -> dict[str, str]:
    net.eval()
    with written_whole(path) as scratch:
        torch.onnx.export(
            net,
            tuple(told.values()),
            str(scratch),
            input_names=[*told],
            output_names=outputs,
            dynamic_axes=dict.fromkeys(told, free_axes) if free_axes else None,
            opset_version=_OPSET,
            dynamo=False,
        )
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _story(scans: int, feet: int, log: Path) -> dict[str, Any]:
    """Tell what was seen, and the Dice on feet that were not."""
    with log.open(newline="") as lines:
        *_, last = csv.reader(lines)
    dices = [float(x) for x in last[3:]]
    names = [*MUSCLE_NAMES.values(), *BONE_NAMES.values()]
    return {
        "scans": scans,
        "views_per_scan": VIEWS,
        "feet": feet,
        "channels": list(CHANNELS),
        "held_out_dice": dict(zip(names, dices, strict=True)),
    }


if __name__ == "__main__":
    main()
