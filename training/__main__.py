"""Train one of the two networks: ``python -m training fine --folder out/training``.

Goes on from the folder's checkpoint if there is one, else from the weights in
``training/start`` if any are kept there, else from nothing. Stop it whenever you like.
"""

import argparse
import csv
import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from skimage.util import view_as_blocks
from torch.utils.data import DataLoader, Dataset

from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.weights import PATCHES
from training.checkpoints import START, load_checkpoint, load_start, save_checkpoint
from training.examples import VIEWS, Example, draw_examples
from training.feet import ALL_KINDS, Kinds, add_kinds
from training.losses import dices, loss_of
from training.model import MUSCLE_CLASSES, FootNet
from training.optimisers import Optimiser, average_into

_SCANS = {"coarse": 4_000, "fine": 6_000}  # about nine hours of two CPU cores
_LEARNING_RATE = 3e-3
_WARM_UP = 100  # scans
_COOL_DOWN = 0.4  # of all scans, at the end, while the rate falls to nothing
_EMA_SCANS = 300  # over which weights are averaged
_AIR_KEPT = 0.08  # of the air's voxels that the loss looks at
_KEEP_EVERY_S = 300.0
_HELD_OUT = 12  # scans of feet that are never learnt from


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained on what, and for how long.

    Parameters
    ----------
    scans
        To see in all; each is looked at through `VIEWS` windows.
    feet
        Different digital feet in them.
    is_fresh
        Whether to leave the weights in ``training/start`` alone: from seeds alone.
    kinds
        Of feet; those left out can be measured later as kinds that were never learnt from.
    """

    name: str
    scans: int
    feet: int
    folder: Path
    feet_folder: Path
    threads: int
    is_fresh: bool = False
    kinds: Kinds = ALL_KINDS

    @property
    def window(self) -> Patch:
        """What the network sees."""
        return PATCHES[self.name]


class _Scans(Dataset[list[Example]]):
    def __init__(
        self, recipe: Recipe, first: int, last: int, first_foot: int = 0, views: int = VIEWS
    ) -> None:
        self.recipe, self.first, self.last = recipe, first, last
        self.first_foot, self.views = first_foot, views

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, k: int) -> list[Example]:
        recipe = self.recipe
        return draw_examples(
            self.first + k,
            recipe.window,
            recipe.feet,
            recipe.feet_folder,
            self.first_foot,
            self.views,
            recipe.kinds,
        )


def main() -> None:
    """Parse, train, and leave log and checkpoint in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PATCHES)
    parser.add_argument("--scans", type=int, help=f"default: {_SCANS}")
    parser.add_argument("--feet", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    parser.add_argument("--feet-folder", type=Path, default=Path("out/training/feet"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fresh", dest="is_fresh", action="store_true")
    add_kinds(parser)
    given = parser.parse_args()
    given.scans = given.scans or _SCANS[given.name]
    given.folder.mkdir(parents=True, exist_ok=True)
    given.feet_folder.mkdir(parents=True, exist_ok=True)
    train(Recipe(**vars(given) | {"kinds": tuple(given.kinds)}))


def train(recipe: Recipe) -> None:
    """Train until all scans were seen."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net, averaged = (
        FootNet(recipe.window.split).to(device, memory_format=torch.channels_last_3d)
        for _ in range(2)
    )
    averaged.load_state_dict(net.state_dict())
    optimiser = Optimiser(net)
    path = recipe.folder / f"{recipe.name}.pt"
    scan = 0
    if path.exists():
        scan = load_checkpoint(path, net, averaged, optimiser)
    elif not recipe.is_fresh and (START / path.name).exists():
        scan = load_start(START / path.name, net, averaged)
    kept_at, is_stopped = time.monotonic(), _asked_to_stop()
    losses: list[float] = []
    few = replace(recipe, feet=_HELD_OUT)
    held_out = [e[0] for e in _loaded(_Scans(few, 10**9, 10**9 + _HELD_OUT, 10**6, views=1))]
    for examples in _loaded(_Scans(recipe, scan, recipe.scans)):
        rate = _LEARNING_RATE * _rate(scan, recipe.scans)
        for view, example in enumerate(examples):
            losses.append(_learn(net, example, device, (scan, view)))
            optimiser.step(rate)
        # early weights are soon forgotten
        average_into(averaged, net, max(10 / (scan + 10), 1 / _EMA_SCANS))
        scan += 1
        is_last = scan == recipe.scans or is_stopped()
        if is_last or time.monotonic() - kept_at > _KEEP_EVERY_S:
            score = _held_out(averaged, held_out, device)
            _log(recipe, scan, float(np.mean(losses)), score)
            progress = {
                "scan": scan,
                "feet": recipe.feet,
                "kinds": [str(k) for k in recipe.kinds],
            }
            save_checkpoint(path, progress, net, averaged, optimiser)
            losses, kept_at = [], time.monotonic()
        if is_last:
            break


def _asked_to_stop() -> Callable[[], bool]:
    """Heed Ctrl-C and SIGTERM once a scan is done, so that nothing learnt is lost."""
    asked: list[int] = []
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda number, _: asked.append(number))
    return lambda: bool(asked)


def _loaded(scans: _Scans) -> Iterator[list[Example]]:
    yield from DataLoader(scans, batch_size=None, num_workers=1, prefetch_factor=4)


def _rate(scan: int, scans: int) -> float:
    """Rise, stay, and fall to nothing over the last part."""
    return min(1.0, (scan + 1) / _WARM_UP, (scans - scan) / (_COOL_DOWN * scans))


def _learn(
    net: FootNet, example: Example, device: torch.device, turn: tuple[int, int]
) -> float:
    rng = np.random.default_rng(turn)
    image, voxels, classes, muscles = _tensors(example, device, rng)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        scores, muscle_scores = net.scores_at(image, voxels)
    loss = loss_of(scores.float(), classes)
    if muscle_scores is not None:  # of each voxel's parts one, to spare time
        part = rng.integers(muscles.shape[1], size=len(muscles))
        one = (np.arange(len(part)), part)
        loss = loss + loss_of(muscle_scores.float().transpose(1, 2)[one], muscles[one])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    return float(loss.item())


def _tensors(
    example: Example, device: torch.device, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give the image, the voxels that count (all tissue, some air) and what is in them.

    The last is the muscle of each voxel that is shown in the place of one of those.
    """
    flat = example.labels.ravel()
    kept = (flat > 0) | (rng.random(flat.size, dtype=np.float32) < _AIR_KEPT)
    voxels = np.flatnonzero(kept)
    blocks = view_as_blocks(
        example.muscles, tuple(np.floor_divide(example.image.shape, example.labels.shape))
    )
    muscles = blocks.reshape(flat.size, -1)[voxels]
    image = torch.from_numpy(example.image)[None, None].to(device)
    return (
        image.contiguous(memory_format=torch.channels_last_3d),
        torch.from_numpy(voxels).to(device),
        torch.from_numpy(flat[voxels].astype(np.int64)).to(device),
        torch.from_numpy(muscles.astype(np.int64)).to(device),
    )


@torch.no_grad()
def _held_out(net: FootNet, examples: list[Example], device: torch.device) -> list[float]:
    """Dice of each structure, as finely as it is told, on feet that are never learnt from."""
    found = []
    for example in examples:
        image, voxels, classes, muscles = _tensors(example, device, np.random.default_rng(0))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            scores, muscle_scores = net.scores_at(image, voxels)
        score = dices(scores.float(), classes)[1:-1]
        if muscle_scores is not None:
            parts = muscle_scores.float().transpose(1, 2).flatten(0, 1)
            score[: MUSCLE_CLASSES - 1] = dices(parts, muscles.flatten())[1:]
        found.append(score.cpu().numpy())
    medians: list[float] = np.nanmedian(found, axis=0).tolist()
    return medians


def _log(recipe: Recipe, scan: int, loss: float, score: list[float]) -> None:
    path = recipe.folder / f"{recipe.name}.csv"
    row = [scan, time.strftime("%H:%M:%S"), f"{loss:.4f}", *(f"{s:.3f}" for s in score)]
    with path.open("a", newline="") as log:
        csv.writer(log).writerow(row)
    muscles, bones = np.mean(score[:12]), np.mean(score[12:])
    told = {"scan": scan, "loss": loss, "muscles": muscles, "bones": bones}
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
