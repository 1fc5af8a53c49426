"""The networks with boundary networks that were not trained on a certain kind of feet.

The coarse and the fine network were trained on tapered feet only. The boundary networks of
two halves of the kinds are stored here; ``training.train_boundary --kinds`` makes them.
"""

import tomllib
from dataclasses import replace
from pathlib import Path

from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.segmenters.network.boundary import BoundaryNet
from pipeline.segmenters.network.weights import (
    BONE_BOUNDARY,
    MANIFEST,
    MUSCLE_BOUNDARY,
    Weights,
    load_weights,
    session_of,
)

_FOLDER = Path(__file__).parent / "left_out"


def weights_without(kind: FootKind) -> Weights:
    """Give networks whose boundary networks have not seen this kind."""
    for folder in sorted(_FOLDER.iterdir()):
        manifest = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if kind not in manifest["training"][MUSCLE_BOUNDARY]["kinds"]:
            muscle, bone = (
                BoundaryNet(session_of((folder / manifest["files"][name]["name"]).read_bytes()))
                for name in (MUSCLE_BOUNDARY, BONE_BOUNDARY)
            )
            return replace(load_weights(), muscle_boundary=muscle, bone_boundary=bone)
    raise FileNotFoundError(kind)
