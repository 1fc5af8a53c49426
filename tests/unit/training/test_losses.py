"""Loss and Dice; only where torch is installed (extra ``train``)."""

import pytest

torch = pytest.importorskip("torch")

from training.losses import dice_by_class, segmentation_loss  # noqa: E402
from training.model import CLASSES  # noqa: E402

TRUTH = [0, 1, 1, 4, 9, 20, 29]


def test_the_loss_is_smallest_for_correct_logits() -> None:
    """Nearly 0 if confident; equal logits are better than wrong ones."""
    classes = torch.tensor(TRUTH)
    right = 20.0 * torch.nn.functional.one_hot(classes, CLASSES).float()

    undecided, wrong = torch.zeros_like(right), right.roll(1, dims=1)

    assert segmentation_loss(right, classes) < 0.01
    assert segmentation_loss(undecided, classes) > 3
    assert segmentation_loss(wrong, classes) > segmentation_loss(undecided, classes)


def test_dice_is_given_for_every_class() -> None:
    """1 for an exact prediction, 0 for a missed class, NaN for an absent one."""
    classes = torch.tensor(TRUTH)
    predicted = torch.nn.functional.one_hot(torch.tensor([0, 1, 1, 5, 9, 20, 29]), CLASSES)

    dice = dice_by_class(predicted.float(), classes)

    assert dice[1] == dice[9] == 1
    assert dice[4] == 0
    assert torch.isnan(dice[2])
