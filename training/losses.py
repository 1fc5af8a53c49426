"""What the network is asked to make small."""

import torch
from torch.nn import functional

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.segmenters.network.prediction import OTHER


def loss_of(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, plus Dice over the structures, plus Dice of all plantar muscles.

    Parameters
    ----------
    scores
        (voxels, classes), before softmax; classes are those of `sight`, or of muscle alone.
    classes
        (voxels,).

    Notes
    -----
    Muscles weigh no more than the rest in cross-entropy: when they did, the network found
    more than twice as much of them as there was.
    """
    chances = torch.softmax(scores, dim=1)
    truth = functional.one_hot(classes, scores.shape[1]).to(chances.dtype)
    both, sizes = (chances * truth).sum(0), chances.sum(0) + truth.sum(0)
    is_shown = truth.sum(0) > 0
    is_shown[0] = False  # air, or no muscle
    is_shown[OTHER:] = False
    dice = (2 * both + 1) / (sizes + 1)
    overlap = dice[is_shown].mean() if bool(is_shown.any()) else dice.new_ones(())
    plantar, plantar_truth = (
        chances[:, list(PLANTAR_LABELS)].sum(1),
        truth[:, list(PLANTAR_LABELS)].sum(1),
    )
    union = (2 * (plantar * plantar_truth).sum() + 1) / (
        plantar.sum() + plantar_truth.sum() + 1
    )
    return functional.cross_entropy(scores, classes) + (1 - overlap) + 0.5 * (1 - union)


def dices(chances: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Dice of each class by the likeliest label; NaN where there is neither."""
    count = chances.shape[1]
    found = functional.one_hot(chances.argmax(1), count)
    truth = functional.one_hot(classes, count)
    return 2 * (found * truth).sum(0) / (found.sum(0) + truth.sum(0))
