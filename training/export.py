"""Checkpoints to what the package carries: ``python -m training.export``."""

import argparse
import csv
import hashlib
from pathlib import Path
from typing import Any

import tomli_w
import torch

import pipeline
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.segmenters.weights import RECORD, WINDOWS
from pipeline.segmenters.windows import Window
from pipeline.store.files import written_whole
from training.checkpoints import START, save_start
from training.examples import EXAMPLE_STREAM, VIEWS
from training.feet import FOOT_STREAM
from training.model import CHANNELS, FootNet
from training.template import bone_sizes

_OPSET = 17
_LICENCE = "BSD-3-Clause; the digital foot's proportions: see pipeline/phantom/NOTICE"


def main() -> None:
    """Write both networks and their record into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--version", default="0.1.0")
    models = Path(pipeline.__file__).parent / "segmenters" / "models"
    parser.add_argument("--models", type=Path, default=models)
    given = parser.parse_args()
    export(given.folder, given.models, given.version)


def export(folder: Path, models: Path, version: str) -> None:
    """Write the averaged weights of both networks as ONNX, and the record beside them."""
    files, training = {}, {}
    for name, window in WINDOWS.items():
        state = torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True)
        target = models / f"{name}.onnx"
        with written_whole(target) as scratch:
            _write_onnx(state["averaged"], window, scratch)
        save_start(START / f"{name}.pt", folder / f"{name}.pt")
        files[name] = {
            "name": target.name,
            "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        }
        training[name] = _story(int(state["scan"]), state["feet"], folder / f"{name}.csv")
    record = {
        "name": "footnet",
        "version": version,
        "licence": _LICENCE,
        "files": files,
        "training": {"example_stream": EXAMPLE_STREAM, "foot_stream": FOOT_STREAM, **training},
        "bones": {str(label): bone for label, bone in bone_sizes().items()},
    }
    with written_whole(models / RECORD) as scratch:
        scratch.write_text(tomli_w.dumps(record))


def _write_onnx(state: dict[str, torch.Tensor], window: Window, path: Path) -> None:
    net = FootNet(window.split)
    net.load_state_dict(state)
    net.eval()
    torch.onnx.export(
        net,
        (torch.zeros(1, 1, *window.shown.shape),),
        str(path),
        input_names=["image"],
        output_names=["chances", "muscles"] if net.is_split else ["chances"],
        opset_version=_OPSET,
        dynamo=False,
    )


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
