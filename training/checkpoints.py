"""State of the training on disk: written whole, read as tensors only."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.store.files import written_whole
from training.optimisers import Optimiser

START = Path(__file__).parent / "start"
"""Weights that come with the recipe, so that another machine can go on from them."""


def save_checkpoint(
    path: Path,
    progress: dict[str, Any],
    net: nn.Module,
    averaged: nn.Module,
    optimiser: Optimiser,
) -> None:
    """Keep everything that going on needs.

    Parameters
    ----------
    progress
        ``scan``, how many were seen, and whatever the record is to tell.
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
    """Bring networks and optimiser to where they were; give the scans seen so far."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(state["net"])
    averaged.load_state_dict(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["scan"])


def save_start(path: Path, checkpoint: Path) -> None:
    """Keep the averaged weights alone, in half precision: a tenth of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    halves = {name: weight.half() for name, weight in state["averaged"].items()}
    with written_whole(path) as scratch:
        torch.save({"scan": state["scan"], "feet": state["feet"], "averaged": halves}, scratch)


def load_start(path: Path, net: nn.Module, averaged: nn.Module) -> int:
    """Bring both networks to the kept weights; give the scans seen so far."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    for target in (net, averaged):
        target.load_state_dict({n: w.float() for n, w in state["averaged"].items()})
    return int(state["scan"])
