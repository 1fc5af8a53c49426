"""Train the two boundary networks: ``python -m training.train_boundary``.

Scans that are cached in the folder are not made again.
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
from training.boundary_samples import BoundarySamples, draw_boundary_samples
from training.boundary_scans import SCANS_PER_FOOT, kind_of_scan
from training.feet import add_kinds
from training.model import BoundaryModel
from training.optimisers import update_average

_SCANS = 78
_HELD_OUT = 6  # of them
_STEPS = 8_000
_BATCH = 4096
_LEARNING_RATE = 4e-3
_WARM_UP = 50  # steps
_EMA_STEPS = 200
# SD of noise on the features that are equal in all voxels of a scan, against overfitting to
# single scans; in SD of the features.
_SCAN_FEATURE_NOISE = 1.0
_LARGEST_OFFSET = 2.0  # in logits


def main() -> None:
    """Draw the samples, train on them, and write the checkpoints into the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=_SCANS)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--examples", type=Path, default=Path("out/training/borders"))
    parser.add_argument("--steps", type=int, default=_STEPS)
    parser.add_argument("--jobs", type=int, default=2)
    add_kinds(parser)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    given.examples.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.jobs) as pool:
        draw = partial(draw_boundary_samples, folder=given.examples)
        chosen = [k for k in range(given.scans) if kind_of_scan(k) in given.kinds]
        scans = list(pool.map(draw, chosen, chunksize=SCANS_PER_FOOT))
    for name, labels in BOUNDARY_LABELS.items():
        held_out = chain(*(scan[name] for scan in scans[:_HELD_OUT]))
        training = list(chain(*(scan[name] for scan in scans[_HELD_OUT:])))
        model = fit(training, labels, given.steps)
        remove_volume_bias(model, training)
        record = {
            "scans": len(scans),
            "kinds": [str(kind) for kind in given.kinds],
            "held_out": _score(model, held_out),
        }
        print(name, json.dumps(record))  # noqa: T201
        with written_whole(given.folder / f"{name}.pt") as scratch:
            torch.save({"story": record, "averaged": model.state_dict()}, scratch)


def fit(samples: Sequence[BoundarySamples], labels: int, steps: int = _STEPS) -> BoundaryModel:
    """Train a network by cross-entropy with the true partial-volume fraction.

    Parameters
    ----------
    labels
        Number of labels, including the background.

    Returns
    -------
    BoundaryModel
        With the moving average of the weights.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)  # batches are too small to share; two took twice the time
    features, label, fraction = (
        torch.from_numpy(np.concatenate(arrays))
        for arrays in zip(*((s.features, s.labels, s.fraction) for s in samples), strict=True)
    )
    model, averaged = BoundaryModel(labels), BoundaryModel(labels)
    model.scale_to(features)
    averaged.load_state_dict(model.state_dict())
    spread = model.spread[-SCAN_FEATURES:]
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min((step + 1) / _WARM_UP, 1 - step / steps)
        batch = torch.randint(len(fraction), (_BATCH,))
        noise = _SCAN_FEATURE_NOISE * spread * torch.randn(_BATCH, SCAN_FEATURES)
        inputs = features[batch]
        inputs[:, -SCAN_FEATURES:] += noise
        logits = model.logits(inputs, label[batch].long())
        loss = functional.binary_cross_entropy_with_logits(logits, fraction[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        update_average(averaged, model, max(1 / (step + 1), 1 / _EMA_STEPS))
    averaged.requires_grad_(False)
    return averaged


def remove_volume_bias(model: BoundaryModel, samples: Sequence[BoundarySamples]) -> None:
    """Set the offset of each label so that its predicted volume equals the true one.

    Notes
    -----
    A voxel is labelled if its fraction exceeds a half. Thin muscles rarely fill that much of
    a voxel, so that their labelled volume is too small even if every fraction is exact. What
    the U-Nets miss altogether does not count: more voxels elsewhere would not mend it.
    """
    logits = [_logits(model, s) for s in samples]
    labels = np.unique(np.concatenate([s.labels for s in samples]))
    for label in labels[labels > 0]:
        model.offsets[label] = optimize.bisect(
            _excess_mm3,
            -_LARGEST_OFFSET,
            _LARGEST_OFFSET,
            args=(label, samples, logits),
            xtol=1e-3,
        )


def _excess_mm3(
    offset: float,
    label: int,
    samples: Sequence[BoundarySamples],
    logits: Sequence[NDArray[np.float32]],
) -> float:
    """Predicted minus true volume of a structure, with this offset."""
    excess_mm3 = 0.0
    for sample, logit in zip(samples, logits, strict=True):
        is_label = sample.labels == label
        predicted = np.count_nonzero(logit[is_label] > -offset)
        excess_mm3 += (predicted - sample.fraction[is_label].sum()) * sample.voxel_mm3
    return float(excess_mm3)


def _logits(model: BoundaryModel, samples: BoundarySamples) -> NDArray[np.float32]:
    inputs = torch.from_numpy(samples.features), torch.from_numpy(samples.labels).long()
    logits: NDArray[np.float32] = model.logits(*inputs).numpy()
    return logits


def _score(model: BoundaryModel, samples: Iterable[BoundarySamples]) -> dict[str, float]:
    """Mean Dice and bias of the voxels with a fraction above a half."""
    dices, biases = [], []
    for sample in samples:
        predicted = _logits(model, sample) > 0
        true = sample.fraction > 0.5
        dices.append(2 * (predicted & true).sum() / (predicted.sum() + true.sum()))
        biases.append(predicted.sum() / true.sum() - 1)
    return {"dice": round(float(np.mean(dices)), 3), "bias": round(float(np.mean(biases)), 3)}


if __name__ == "__main__":
    main()
