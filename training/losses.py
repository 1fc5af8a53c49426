"""Loss and Dice of the networks."""

import torch
from torch.nn import functional

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.segmenters.network.prediction import OTHER


def segmentation_loss(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, plus Dice loss over the structures, plus that of all plantar muscles.

    Parameters
    ----------
    logits
        (voxels, classes), before softmax; all classes of a network, or those of muscle.
    classes
        (voxels,), the true class.

    Notes
    -----
    Muscles have no larger weight in the cross-entropy: with one, the network predicted more
    than twice their volume.
    """
    probabilities = torch.softmax(logits, dim=1)
    truth = functional.one_hot(classes, logits.shape[1]).to(probabilities.dtype)
    both, sizes = (probabilities * truth).sum(0), probabilities.sum(0) + truth.sum(0)
    is_present = truth.sum(0) > 0
    is_present[0] = False  # air, or no muscle
    is_present[OTHER:] = False
    dice = (2 * both + 1) / (sizes + 1)
    mean_dice = dice[is_present].mean() if bool(is_present.any()) else dice.new_ones(())
    plantar = list(PLANTAR_LABELS)
    predicted, true = probabilities[:, plantar].sum(1), truth[:, plantar].sum(1)
    plantar_dice = (2 * (predicted * true).sum() + 1) / (predicted.sum() + true.sum() + 1)
    cross_entropy = functional.cross_entropy(logits, classes)
    return cross_entropy + (1 - mean_dice) + 0.5 * (1 - plantar_dice)


def dice_by_class(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Dice of each class by the most probable one; NaN where neither has the class.

    Parameters
    ----------
    scores
        Logits or probabilities, (voxels, classes).
    classes
        (voxels,), the true class.
    """
    count = scores.shape[1]
    predicted = functional.one_hot(scores.argmax(1), count)
    truth = functional.one_hot(classes, count)
    return 2 * (predicted * truth).sum(0) / (predicted.sum(0) + truth.sum(0))
