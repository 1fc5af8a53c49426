"""Loss, network and checkpoints; only where torch is installed (extra ``train``)."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.checkpoints import load_checkpoint, load_start, save_checkpoint, save_start  # noqa: E402
from training.losses import dices, loss_of  # noqa: E402
from training.model import CLASSES, MUSCLE_CLASSES, FootNet  # noqa: E402
from training.optimisers import Optimiser  # noqa: E402

SPLIT = (2, 1, 2)
TRUTH = [0, 1, 1, 4, 9, 20, 29]


def make_net() -> FootNet:
    """Make a network that the optimiser can turn."""
    net = FootNet(SPLIT)
    net.to(memory_format=torch.channels_last_3d)
    return net


def test_the_loss_is_least_where_the_scores_are_right() -> None:
    """Right and sure is near 0; wrong is worse than undecided."""
    classes = torch.tensor(TRUTH)
    right = 20.0 * torch.nn.functional.one_hot(classes, CLASSES).float()

    undecided, wrong = torch.zeros_like(right), right.roll(1, dims=1)

    assert loss_of(right, classes) < 0.01
    assert loss_of(undecided, classes) > 3
    assert loss_of(wrong, classes) > loss_of(undecided, classes)


def test_dice_is_known_by_class() -> None:
    """One for what is found, 0 for what is missed, none for what is not there."""
    classes = torch.tensor(TRUTH)
    chances = torch.nn.functional.one_hot(torch.tensor([0, 1, 1, 5, 9, 20, 29]), CLASSES)

    found = dices(chances.float(), classes)

    assert found[1] == found[9] == 1
    assert found[4] == 0
    assert torch.isnan(found[2])


def test_scores_of_some_voxels_are_those_of_all() -> None:
    """Looking at a few gives what looking at all would, in every part of them, too."""
    torch.manual_seed(0)
    net = FootNet(SPLIT).eval()
    image = torch.rand(1, 1, 16, 16, 16)
    places = [(0, 0, 0), (0, 9, 5), (3, 14, 4)]
    voxels = torch.tensor(np.ravel_multi_index(np.transpose(places), (8, 16, 8)))

    with torch.no_grad():
        (few, parts), (every, muscles) = net.scores_at(image, voxels), net(image)

    assert muscles.shape == (1, MUSCLE_CLASSES, 16, 16, 16)
    expected = every.reshape(CLASSES, -1).T[voxels]
    torch.testing.assert_close(torch.softmax(few, dim=1), expected)
    for (x, y, z), part in zip(places, torch.softmax(parts, dim=1), strict=True):
        shown = muscles[0, :, 2 * x : 2 * x + 2, y : y + 1, 2 * z : 2 * z + 2]
        torch.testing.assert_close(part, shown.reshape(MUSCLE_CLASSES, -1))


def test_a_network_that_is_not_split_says_it_once() -> None:
    """Every class in the voxels that it is shown."""
    net = FootNet().eval()
    image = torch.rand(1, 1, 8, 16, 8)

    with torch.no_grad():
        (chances,) = net(image)
        _, parts = net.scores_at(image, torch.tensor([3]))

    assert chances.shape == (1, CLASSES, 8, 16, 8)
    assert parts is None


def test_a_step_moves_every_weight_that_counts() -> None:
    """The matrices that the optimiser turns are the network's own filters."""
    torch.manual_seed(0)
    net = make_net()
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    image = torch.rand(1, 1, 32, 32, 32)
    classes = torch.randint(CLASSES, (16 * 32 * 16,))
    muscles = torch.randint(MUSCLE_CLASSES, (len(classes), 4))
    optimiser = Optimiser(net)
    losses = []

    for _ in range(20):
        scores, parts = net.scores_at(image, torch.arange(len(classes)))
        assert parts is not None
        flat = parts.transpose(1, 2).flatten(0, 1)
        loss = loss_of(scores, classes) + loss_of(flat, muscles.flatten())
        loss.backward()
        optimiser.step(1e-2)
        losses.append(loss.item())

    assert losses[-1] < losses[0] - 0.1
    for name, weight in net.state_dict().items():
        assert not torch.equal(weight, before[name]), name
    assert all(weight.grad is None for weight in net.parameters())


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Weights, their average, the optimiser and the count come back."""
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


def test_kept_weights_are_small_and_near(tmp_path: Path) -> None:
    """Half precision, without the optimiser: what a repository can hold."""
    torch.manual_seed(0)
    nets = [make_net() for _ in range(4)]
    optimiser = Optimiser(nets[0])
    save_checkpoint(tmp_path / "x.pt", {"scan": 7, "feet": 2}, nets[0], nets[1], optimiser)

    save_start(tmp_path / "start.pt", tmp_path / "x.pt")
    scan = load_start(tmp_path / "start.pt", nets[2], nets[3])

    assert scan == 7
    assert (tmp_path / "start.pt").stat().st_size < 2e6
    for name, weight in nets[1].state_dict().items():
        for near in (nets[2], nets[3]):
            torch.testing.assert_close(near.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
