"""Checkpoints; only where torch is installed (extra ``train``)."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.checkpoints import (  # noqa: E402
    load_checkpoint,
    load_start,
    save_checkpoint,
    save_start,
)
from training.model import FootNet  # noqa: E402
from training.optimisers import Optimiser  # noqa: E402


def make_net() -> FootNet:
    """Make a network in the memory format that the optimiser needs."""
    net = FootNet((2, 1, 2))
    net.to(memory_format=torch.channels_last_3d)
    return net


def test_a_training_is_resumed_from_its_checkpoint(tmp_path: Path) -> None:
    """Weights, their average, the optimiser and the number of scans are restored."""
    torch.manual_seed(0)
    nets = [make_net() for _ in range(4)]
    optimisers = [Optimiser(net) for net in nets[::2]]
    nets[0].features(torch.rand(1, 1, 16, 16, 16)).mean().backward()
    optimisers[0].step(1e-3)
    save_checkpoint(tmp_path / "x.pt", {"scan": 7}, nets[0], nets[1], optimisers[0])

    scan = load_checkpoint(tmp_path / "x.pt", nets[2], nets[3], optimisers[1])

    assert scan == 7
    for before, after in zip(nets[:2], nets[2:], strict=True):
        for name, weight in before.state_dict().items():
            torch.testing.assert_close(after.state_dict()[name], weight)
    assert str(optimisers[1].state_dict()) == str(optimisers[0].state_dict())


def test_start_weights_are_the_average_in_half_precision(tmp_path: Path) -> None:
    """They are loaded into both networks; the file is small."""
    torch.manual_seed(0)
    nets = [make_net() for _ in range(4)]
    optimiser = Optimiser(nets[0])
    save_checkpoint(tmp_path / "x.pt", {"scan": 7, "feet": 2}, nets[0], nets[1], optimiser)

    save_start(tmp_path / "start.pt", tmp_path / "x.pt")
    scan = load_start(tmp_path / "start.pt", nets[2], nets[3])

    assert scan == 7
    assert (tmp_path / "start.pt").stat().st_size < 2e6
    for name, weight in nets[1].state_dict().items():
        for loaded in (nets[2], nets[3]):
            torch.testing.assert_close(loaded.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
