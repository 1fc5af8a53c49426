"""The optimiser; only where torch is installed (extra ``train``)."""

import pytest

torch = pytest.importorskip("torch")

from training.losses import segmentation_loss  # noqa: E402
from training.model import CLASSES, MUSCLE_CLASSES, FootNet  # noqa: E402
from training.optimisers import Optimiser, update_average  # noqa: E402


def test_the_optimiser_updates_all_weights() -> None:
    """The matrices that it updates are views of the network's filters."""
    torch.manual_seed(0)
    net = FootNet((2, 1, 2))
    net.to(memory_format=torch.channels_last_3d)
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    image = torch.rand(1, 1, 32, 32, 32)
    classes = torch.randint(CLASSES, (16 * 32 * 16,))
    muscles = torch.randint(MUSCLE_CLASSES, (len(classes), 4))
    optimiser = Optimiser(net)
    losses = []

    for _ in range(20):
        logits, muscle_logits = net.logits_at(image, torch.arange(len(classes)))
        assert muscle_logits is not None
        flat = muscle_logits.transpose(1, 2).flatten(0, 1)
        loss = segmentation_loss(logits, classes) + segmentation_loss(flat, muscles.flatten())
        loss.backward()
        optimiser.step(1e-2)
        losses.append(loss.item())

    assert losses[-1] < losses[0] - 0.1
    for name, weight in net.state_dict().items():
        assert not torch.equal(weight, before[name]), name
    assert all(weight.grad is None for weight in net.parameters())


def test_an_average_moves_by_the_weight_of_the_new_values() -> None:
    """A quarter of the way from 0 to 1 for a weight of 0.25."""
    averaged, net = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    for parameter in averaged.parameters():
        torch.nn.init.zeros_(parameter)
    for parameter in net.parameters():
        torch.nn.init.ones_(parameter)

    update_average(averaged, net, 0.25)

    assert all((parameter == 0.25).all() for parameter in averaged.parameters())
