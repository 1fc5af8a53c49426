"""Learn where muscles end: ``python -m training.borders``, by the packaged networks' sight.

Examples that lie in the folder already are not made again.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from pipeline.segmenters.weights import BORDER
from pipeline.store.files import written_whole
from training.border_examples import BorderExample, border_example
from training.model import BorderModel
from training.optimisers import average_into

_SCANS = 240
_HELD_OUT = 12  # of them, that are never learnt from
_VOXELS = 40_000  # of each scan, so that large ones do not count for more
_STEPS = 12_000
_BATCH = 4096
_LEARNING_RATE = 4e-3
_WARM_UP = 50  # steps
_EMA_STEPS = 200
_MORE = 0.08  # log odds; with it Dice is highest, and bias least, on development feet


def main() -> None:
    """Make the examples, learn from them, and leave the checkpoint in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=_SCANS)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--examples", type=Path, default=Path("out/training/borders"))
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    given.examples.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.jobs) as pool:
        draw = partial(border_example, folder=given.examples)
        examples = list(pool.map(draw, range(given.scans)))
    model = fit(examples[_HELD_OUT:])
    score = _score(model, examples[:_HELD_OUT])
    print(json.dumps({"scans": given.scans, **score}))  # noqa: T201
    state = {"scans": given.scans, "held_out": score, "averaged": model.state_dict()}
    with written_whole(given.folder / f"{BORDER}.pt") as scratch:
        torch.save(state, scratch)


def fit(examples: list[BorderExample], steps: int = _STEPS) -> BorderModel:
    """Learn by cross-entropy with the part of a voxel that is muscle; averaged weights."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    kept = [(e, rng.permutation(len(e.share))[:_VOXELS]) for e in examples]
    features = torch.from_numpy(np.concatenate([e.features[k] for e, k in kept]))
    share = torch.from_numpy(np.concatenate([e.share[k] for e, k in kept]))
    model, averaged = BorderModel(), BorderModel()
    for each in (model, averaged):
        each.scale_to(features)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min((step + 1) / _WARM_UP, 1 - step / steps)
        chosen = torch.randint(len(share), (_BATCH,))
        loss = functional.binary_cross_entropy_with_logits(
            model.odds(features[chosen]), share[chosen]
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average_into(averaged, model, max(1 / (step + 1), 1 / _EMA_STEPS))
    averaged.shift_by(_MORE)
    return averaged


@torch.no_grad()
def _score(model: BorderModel, examples: list[BorderExample]) -> dict[str, float]:
    """Dice and bias of the voxels that are muscle by more than a half."""
    dices, biases = [], []
    for example in examples:
        found = model(torch.from_numpy(example.features)).numpy() > 0.5
        true = example.share > 0.5
        dices.append(2 * (found & true).sum() / (found.sum() + true.sum()))
        biases.append(found.sum() / true.sum() - 1)
    return {"dice": round(float(np.mean(dices)), 3), "bias": round(float(np.mean(biases)), 3)}


if __name__ == "__main__":
    main()
