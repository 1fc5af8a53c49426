"""Learn where muscles and bones end: ``python -m training.train_boundary``.

Scans that lie in the folder already are not made again.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize
from torch.nn import functional

from pipeline.segmenters.network.boundary import SCAN_FEATURES
from pipeline.segmenters.network.weights import BOUNDARY_LABELS
from pipeline.store.files import written_whole
from training.boundary_samples import BorderExample, border_examples
from training.boundary_scans import SCANS_PER_FOOT
from training.feet import add_kinds
from training.model import BorderModel
from training.optimisers import average_into

_SCANS = 267
_HELD_OUT = 12  # of them, that are never learnt from
_STEPS = 8_000
_BATCH = 4096
_LEARNING_RATE = 4e-3
_WARM_UP = 50  # steps
_EMA_STEPS = 200
_BLURRED = 1.0  # SD of noise on what is alike in a scan, or each would be learnt by heart
_LARGEST_OFFSET = 2.0  # log odds


def main() -> None:
    """Make the examples, learn from them, and leave the checkpoints in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=_SCANS)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--examples", type=Path, default=Path("out/training/borders"))
    parser.add_argument("--jobs", type=int, default=2)
    add_kinds(parser)
    given = parser.parse_args()
    given.examples.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.jobs) as pool:
        draw = partial(border_examples, folder=given.examples, kinds=tuple(given.kinds))
        scans = list(pool.map(draw, range(given.scans), chunksize=SCANS_PER_FOOT))
    for name, labels in BOUNDARY_LABELS.items():
        held_out = chain(*(scan[name] for scan in scans[:_HELD_OUT]))
        learnt = list(chain(*(scan[name] for scan in scans[_HELD_OUT:])))
        model = fit(learnt, labels)
        even_out(model, learnt)
        story = {
            "scans": given.scans,
            "kinds": [*given.kinds],
            "held_out": _score(model, held_out),
        }
        print(name, json.dumps(story))  # noqa: T201
        with written_whole(given.folder / f"{name}.pt") as scratch:
            torch.save({"story": story, "averaged": model.state_dict()}, scratch)


def fit(examples: Sequence[BorderExample], labels: int, steps: int = _STEPS) -> BorderModel:
    """Learn by cross-entropy with the part of a voxel that is such; averaged weights.

    Parameters
    ----------
    labels
        How many there are, 0 among them.
    """
    torch.manual_seed(0)
    features, labelled, share = (
        torch.from_numpy(np.concatenate(parts))
        for parts in zip(*((e.features, e.labels, e.share) for e in examples), strict=True)
    )
    model, averaged = BorderModel(labels), BorderModel(labels)
    model.scale_to(features)
    averaged.load_state_dict(model.state_dict())
    spread = model.spread[-SCAN_FEATURES:]
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min((step + 1) / _WARM_UP, 1 - step / steps)
        chosen = torch.randint(len(share), (_BATCH,))
        told = features[chosen]
        told[:, -SCAN_FEATURES:] += _BLURRED * spread * torch.randn(_BATCH, SCAN_FEATURES)
        odds = model.odds(told, labelled[chosen].long())
        loss = functional.binary_cross_entropy_with_logits(odds, share[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average_into(averaged, model, max(1 / (step + 1), 1 / _EMA_STEPS))
    averaged.requires_grad_(False)
    return averaged


def even_out(model: BorderModel, examples: Sequence[BorderExample]) -> None:
    """Shift the log odds of each structure until its voxels make up its volume.

    Notes
    -----
    Voxels count for muscle where more than a half of them is, which thin muscles seldom
    fill, so that their count is too small though every part is right.
    """
    all_odds = [_odds(model, example) for example in examples]
    labels = np.unique(np.concatenate([example.labels for example in examples]))
    for label in labels[labels > 0]:
        model.offsets[label] = optimize.bisect(
            _excess_mm3,
            -_LARGEST_OFFSET,
            _LARGEST_OFFSET,
            args=(label, examples, all_odds),
            xtol=1e-3,
        )


def _excess_mm3(
    offset: float,
    label: int,
    examples: Sequence[BorderExample],
    all_odds: Sequence[NDArray[np.float32]],
) -> float:
    """Tell how much more of a structure is found than there is."""
    excess_mm3 = 0.0
    for example, odds in zip(examples, all_odds, strict=True):
        is_one = example.labels == label
        more = np.count_nonzero(odds[is_one] > -offset) - example.share[is_one].sum()
        excess_mm3 += more * example.voxel_mm3 + example.excess_mm3[label]
    return float(excess_mm3)


def _odds(model: BorderModel, example: BorderExample) -> NDArray[np.float32]:
    told = torch.from_numpy(example.features), torch.from_numpy(example.labels).long()
    odds: NDArray[np.float32] = model.odds(*told).numpy()
    return odds


def _score(model: BorderModel, examples: Iterable[BorderExample]) -> dict[str, float]:
    """Dice and bias of the voxels that are such by more than a half."""
    dices, biases = [], []
    for example in examples:
        found = _odds(model, example) > 0
        true = example.share > 0.5
        dices.append(2 * (found & true).sum() / (found.sum() + true.sum()))
        biases.append(found.sum() / true.sum() - 1)
    return {"dice": round(float(np.mean(dices)), 3), "bias": round(float(np.mean(biases)), 3)}


if __name__ == "__main__":
    main()
