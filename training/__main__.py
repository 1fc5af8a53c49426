"""Train one of the two networks: ``python -m training fine --folder out/training``.

Resumes from the folder's checkpoint if there is one, else starts from the weights in
``training/start``, else from random ones. It can be stopped at any time.
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
from training.examples import PATCHES_PER_SCAN, Example, draw_examples
from training.feet import ALL_KINDS, Kinds, add_kinds
from training.losses import dice_by_class, segmentation_loss
from training.model import MUSCLE_CLASSES, FootNet
from training.optimisers import Optimiser, update_average

_SCANS = {"coarse": 4_000, "fine": 7_000}  # about ten hours of two CPU cores
_LEARNING_RATE = 3e-3
_WARM_UP = 100  # scans
_COOL_DOWN = 0.4  # fraction of all scans, at the end, over which the rate falls to 0
_EMA_SCANS = 300  # time constant of the moving average of weights
_AIR_FRACTION = 0.08  # of the air voxels, for the loss
_SAVE_EVERY_S = 300.0
_HELD_OUT = 12  # scans of held-out feet


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one training.

    Parameters
    ----------
    name
        ``coarse`` or ``fine``.
    scans
        Total number of scans; `PATCHES_PER_SCAN` patches of each are used.
    feet
        Number of different digital feet in them.
    folder, feet_folder
        Where checkpoint and log are written, and where feet are cached.
    threads
        Number of CPU threads.
    is_fresh
        Whether to start from random weights even if ``training/start`` has some.
    kinds
        Kinds of feet to train on; the others can serve as unseen anatomy in a test.
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
    def patch(self) -> Patch:
        """Size and spacing of the network's patch."""
        return PATCHES[self.name]


class _Scans(Dataset[list[Example]]):
    def __init__(
        self,
        recipe: Recipe,
        first: int,
        last: int,
        first_foot: int = 0,
        patches: int = PATCHES_PER_SCAN,
    ) -> None:
        self.recipe, self.first, self.last = recipe, first, last
        self.first_foot, self.patches = first_foot, patches

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, k: int) -> list[Example]:
        recipe = self.recipe
        return draw_examples(
            self.first + k,
            recipe.patch,
            recipe.feet,
            recipe.feet_folder,
            self.first_foot,
            self.patches,
            recipe.kinds,
        )


def main() -> None:
    """Parse the options and train; log and checkpoint are written into the folder."""
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
    """Train until all scans are used, or until the process is asked to stop."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net, averaged = (
        FootNet(recipe.patch.split).to(device, memory_format=torch.channels_last_3d)
        for _ in range(2)
    )
    averaged.load_state_dict(net.state_dict())
    optimiser = Optimiser(net)
    path = recipe.folder / f"{recipe.name}.pt"
    scan = averaged_from = 0
    if path.exists():
        scan = load_checkpoint(path, net, averaged, optimiser)
    elif not recipe.is_fresh and (START / path.name).exists():
        scan = averaged_from = load_start(START / path.name, net, averaged)
    saved_at, is_stopped = time.monotonic(), _stop_on_signal()
    losses: list[float] = []
    few = replace(recipe, feet=_HELD_OUT)
    held_out = [e[0] for e in _load(_Scans(few, 10**9, 10**9 + _HELD_OUT, 10**6, patches=1))]
    for examples in _load(_Scans(recipe, scan, recipe.scans)):
        rate = _LEARNING_RATE * _schedule(scan, recipe.scans)
        for patch, example in enumerate(examples):
            losses.append(_backpropagate(net, example, device, (scan, patch)))
            optimiser.step(rate)
        # the average follows the weights more closely at first
        seen = scan - averaged_from
        update_average(averaged, net, max(10 / (seen + 10), 1 / _EMA_SCANS))
        scan += 1
        is_last = scan == recipe.scans or is_stopped()
        if is_last or time.monotonic() - saved_at > _SAVE_EVERY_S:
            dice = _median_dice(averaged, held_out, device)
            _log(recipe, scan, float(np.mean(losses)), dice)
            progress = {
                "scan": scan,
                "feet": recipe.feet,
                "kinds": [str(k) for k in recipe.kinds],
            }
            save_checkpoint(path, progress, net, averaged, optimiser)
            losses, saved_at = [], time.monotonic()
        if is_last:
            break


def _stop_on_signal() -> Callable[[], bool]:
    """Handle Ctrl-C and SIGTERM: the function returned says whether to save and stop."""
    received: list[int] = []
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda number, _: received.append(number))
    return lambda: bool(received)


def _load(scans: _Scans) -> Iterator[list[Example]]:
    yield from DataLoader(scans, batch_size=None, num_workers=1, prefetch_factor=4)


def _schedule(scan: int, scans: int) -> float:
    """Learning rate relative to its maximum: warm-up, plateau, linear decay to 0."""
    return min(1.0, (scan + 1) / _WARM_UP, (scans - scan) / (_COOL_DOWN * scans))


def _backpropagate(
    net: FootNet, example: Example, device: torch.device, seed: tuple[int, int]
) -> float:
    rng = np.random.default_rng(seed)
    image, voxels, classes, muscles = _tensors(example, device, rng)
    with _mixed_precision(device):
        logits, muscle_logits = net.logits_at(image, voxels)
    loss = segmentation_loss(logits.float(), classes)
    if muscle_logits is not None:  # one input voxel of each labelled one, for speed
        drawn = rng.integers(muscles.shape[1], size=len(muscles))
        one = (np.arange(len(drawn)), drawn)
        muscle_loss = segmentation_loss(
            muscle_logits.float().transpose(1, 2)[one], muscles[one]
        )
        loss = loss + muscle_loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    return float(loss.item())


def _mixed_precision(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 where the processor can; emulated, it takes ten times as long."""
    of_cpu = torch.cpu.get_capabilities()
    is_native = device.type == "cuda" or of_cpu.get("avx512_bf16") or of_cpu.get("amx_bf16")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bool(is_native))


def _tensors(
    example: Example, device: torch.device, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Choose the voxels of the loss: all tissue and some of the air.

    Returns
    -------
    image, voxels, classes, muscles
        Input patch, (1, 1, x, y, z); flat index and class of each voxel, (voxels,); muscle of
        its input voxels, (voxels, input voxels per voxel).
    """
    flat = example.labels.ravel()
    is_chosen = (flat > 0) | (rng.random(flat.size, dtype=np.float32) < _AIR_FRACTION)
    voxels = np.flatnonzero(is_chosen)
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
def _median_dice(net: FootNet, examples: list[Example], device: torch.device) -> list[float]:
    """Median Dice of each structure over these examples; of muscles in input voxels."""
    all_dice = []
    for example in examples:
        image, voxels, classes, muscles = _tensors(example, device, np.random.default_rng(0))
        with _mixed_precision(device):
            logits, muscle_logits = net.logits_at(image, voxels)
        dice = dice_by_class(logits.float(), classes)[1:-1]
        if muscle_logits is not None:
            of_muscles = muscle_logits.float().transpose(1, 2).flatten(0, 1)
            dice[: MUSCLE_CLASSES - 1] = dice_by_class(of_muscles, muscles.flatten())[1:]
        all_dice.append(dice.cpu().numpy())
    medians: list[float] = np.nanmedian(all_dice, axis=0).tolist()
    return medians


def _log(recipe: Recipe, scan: int, loss: float, dice: list[float]) -> None:
    path = recipe.folder / f"{recipe.name}.csv"
    row = [scan, time.strftime("%H:%M:%S"), f"{loss:.4f}", *(f"{d:.3f}" for d in dice)]
    with path.open("a", newline="") as log:
        csv.writer(log).writerow(row)
    muscles, bones = np.mean(dice[:12]), np.mean(dice[12:])
    summary = {"scan": scan, "loss": loss, "muscles": muscles, "bones": bones}
    print(json.dumps(summary), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
