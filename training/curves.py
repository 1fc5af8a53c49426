"""Draw what the logs tell: ``python -m training.curves``."""

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from pipeline.domain.anatomy import BONE_NAMES, MUSCLES
from pipeline.segmenters.network.weights import PATCHES
from pipeline.store.files import written_whole

COLUMNS = ("scan", "at", "loss", *(m.abbreviation for m in MUSCLES), *BONE_NAMES.values())


def main() -> None:
    """Draw loss and Dice on feet not learnt from, over the scans seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/training"))
    draw_curves(parser.parse_args().folder)


def draw_curves(folder: Path) -> None:
    """Draw ``curves.png`` into the folder that holds the logs."""
    mpl.use("Agg")
    figure, axes = plt.subplots(1, len(PATCHES), figsize=(11, 4), squeeze=False)
    for panel, name in zip(axes[0], PATCHES, strict=True):
        log = pd.read_csv(folder / f"{name}.csv", names=list(COLUMNS))
        for muscle in MUSCLES:
            panel.plot(log["scan"], log[muscle.abbreviation], label=muscle.abbreviation)
        bones = log[list(BONE_NAMES.values())].mean(axis=1)
        panel.plot(log["scan"], bones, "k--", label="bones, mean")
        panel.set(title=name, xlabel="scans seen", ylabel="Dice, feet held out", ylim=(0, 1))
        loss = panel.twinx()
        loss.plot(log["scan"], log["loss"], color="0.7")
        loss.set_ylabel("loss")
    axes[0][-1].legend(fontsize=6, ncols=2)
    figure.tight_layout()
    with written_whole(folder / "curves.png") as scratch:
        figure.savefig(scratch, dpi=130)


if __name__ == "__main__":
    main()
