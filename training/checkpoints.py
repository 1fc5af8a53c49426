"""Checkpoints of a training: written atomically, read without unpickling code."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.store.files import written_whole
from training.optimisers import Optimiser

START = Path(__file__).parent / "start"
"""Weights under version control, from which a training on another machine can start."""


def save_checkpoint(
    path: Path,
    progress: dict[str, Any],
    net: nn.Module,
    averaged: nn.Module,
    optimiser: Optimiser,
) -> None:
    """Write everything that is needed to resume a training.

    Parameters
    ----------
    progress
        ``scan``, the number of scans so far, and facts for the record.
    """
    state: dict[str, Any] = {
        **progress,
        "net": net.state_dict(),
        "averaged": averaged.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    with written_whole(path) as scratch:
        torch.save(state, scratch)


def load_checkpoint(
    path: Path, net: nn.Module, averaged: nn.Module, optimiser: Optimiser
) -> int:
    """Restore networks and optimiser; give the number of scans so far."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(state["net"])
    averaged.load_state_dict(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["scan"])


def save_start(path: Path, checkpoint: Path) -> None:
    """Write only the averaged weights, in half precision: a tenth of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    halves = {name: weight.half() for name, weight in state["averaged"].items()}
    with written_whole(path) as scratch:
        torch.save({"scan": state["scan"], "feet": state["feet"], "averaged": halves}, scratch)


def load_start(path: Path, net: nn.Module, averaged: nn.Module) -> int:
    """Load start weights into both networks; give the number of scans so far."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    for target in (net, averaged):
        target.load_state_dict({n: w.float() for n, w in state["averaged"].items()})
    return int(state["scan"])
