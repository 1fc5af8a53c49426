"""Whether feet are recognised, and other images refused, by the network's localisation.

Run as ``python -m validation.recognition``. Prints the table of docs/quality.md. The variables
FOOTVOL_FOREIGN (a BIDS folder of feet) and FOOTVOL_REAL_LIMBS (a folder of images) add scans.
"""

import argparse
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.domain.scan import Contrast
from pipeline.errors import ScanError
from pipeline.segmenters.network.fat_water import check_fat_water
from pipeline.segmenters.network.foot_masks import check_in_image
from pipeline.segmenters.network.localisation import (
    LocalisedFoot,
    bone_fractions_in_image,
    candidate_feet,
    choose_foot,
)
from pipeline.segmenters.network.network_segmenter import USUAL_BONE_DISTANCE
from pipeline.segmenters.network.pose_fit import fit_pose
from pipeline.segmenters.network.weights import load_weights
from pipeline.settings.preprocess import PreprocessParams
from pipeline.stages.preprocess import preprocess
from pipeline.store.images import read_scan
from validation.recognition_cases import Case, feet, no_feet

FOREIGN, REAL_LIMBS = "FOOTVOL_FOREIGN", "FOOTVOL_REAL_LIMBS"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one image.

    Parameters
    ----------
    distance, residual_mm
        Of the candidate that is closest to a foot: distance of its bones, and residual of the
        similarity fit to the mean foot; NaN without bones.
    refusal
        Empty if a foot was taken.
    """

    group: str
    name: str
    distance: float
    residual_mm: float
    refusal: str


def recognise(case: Case) -> Result:
    """Localise, and refuse what a run refuses."""
    weights = load_weights()
    candidates: list[LocalisedFoot | None] = []
    refusal = ""
    try:
        scan = preprocess(case.scan, PreprocessParams())
        candidates = candidate_feet(scan, weights)
        foot = choose_foot(candidates, scan)
        check_in_image(bone_fractions_in_image(foot, weights, scan.grid))
        check_fat_water(foot.prediction, scan)
    except ScanError as error:
        refusal = str(error)
    shown = [foot for foot in candidates if foot is not None]
    if not shown:
        return Result(case.group, case.name, np.nan, np.nan, refusal)
    best = min(shown, key=lambda foot: foot.bone_distance)
    centres = best.prediction.bone_centres_mm(weights.centres_mm)
    _, residual_mm = fit_pose(centres, weights.centres_mm)
    return Result(case.group, case.name, best.bone_distance, residual_mm, refusal)


def table(results: Iterable[Result]) -> str:
    """Give a row for each group as Markdown."""
    lines = [
        "| group | images | refused | without bones | distance, SD | residual, mm "
        "| unusual bones |",
        "|---|---|---|---|---|---|---|",
    ]
    for group, rows in pd.DataFrame(list(results)).groupby("group", sort=False):
        taken = rows[rows["refusal"] == ""]
        unusual = (taken["distance"] > USUAL_BONE_DISTANCE).sum()
        lines.append(
            f"| {group} | {len(rows)} | {(rows['refusal'] != '').sum()} "
            f"| {rows['distance'].isna().sum()} | {_range(rows['distance'], 2)} "
            f"| {_range(rows['residual_mm'], 1)} | {unusual} of {len(taken)} |"
        )
    return "\n".join(lines)


def _range(values: "pd.Series[float]", digits: int) -> str:
    known = values.dropna()
    if known.empty:
        return "n/a"
    return ", ".join(f"{known.quantile(q):.{digits}f}" for q in (0, 0.5, 1))


def _given() -> Iterator[Case]:
    """Yield the scans of the folders that the environment names."""
    for variable, group, pattern in (
        (FOREIGN, "foreign feet", "sub-*/anat/*.nii.gz"),
        (REAL_LIMBS, "real limbs", "*.nii.gz"),
    ):
        if folder := os.environ.get(variable):
            for path in sorted(Path(folder).glob(pattern)):
                named = [c for c in (Contrast.WATER, Contrast.FAT) if c in path.name]
                yield Case(group, path.name, read_scan(path, named[0] if named else None))


def main() -> None:
    """Print a line for each image, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9983)
    parser.add_argument(
        "--images", nargs="*", type=Path, default=[], help="others that show no foot"
    )
    given = parser.parse_args()
    others = (Case("other images", path.name, read_scan(path)) for path in given.images)
    cases = chain(_given(), feet(given.seed), no_feet(given.seed), others)
    results = []
    for case in cases:
        results.append(recognise(case))
        print(*results[-1:], flush=True)  # noqa: T201
    print(table(results))  # noqa: T201


if __name__ == "__main__":
    main()
