"""Compare fat fractions with digital feet whose fat is known.

Run with ``make accuracy-fat``. Prints the table of docs/accuracy.md. Muscles are the
ground truth at the centre of each voxel, so the segmentation does not contribute to the
errors. The seeds are held out.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.phantom.acquisition.acquire import acquire_all, random_pose
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.shape import draw_shape
from pipeline.settings.measure import MeasureParams
from pipeline.settings.preprocess import PreprocessParams
from pipeline.settings.regions import RegionsParams
from pipeline.stages.measure import measure
from pipeline.stages.measure.fat import DixonPair, find_fat
from pipeline.stages.preprocess import preprocess
from pipeline.stages.regions import regions
from validation.label_overlap import on_grid
from validation.markdown import print_markdown

FAT = (0.05, 0.1, 0.2, 0.4, 0.6)


def assess(seed: int, fat: float, protocol: str) -> dict[str, object]:
    """Scan a foot whose muscles all contain this much fat, in streaks, and measure it."""
    rng = np.random.default_rng(seed)
    shape = replace(draw_shape(rng, Side.RIGHT), fat_fractions=dict.fromkeys(MUSCLE_NAMES, fat))
    foot = make_foot(shape, 1.0).moved(random_pose(rng, Side.RIGHT))
    images = acquire_all(foot, get_protocol(protocol), rng)
    raw = next(iter(images.values()))
    truth = foot.truth
    muscles, bones = (
        LabelMap(on_grid(m, raw.grid), raw.grid, m.names) for m in (truth.muscles, truth.bones)
    )
    split = regions(replace(truth, muscles=muscles, bones=bones), RegionsParams())
    pair = DixonPair(images["water"], images["fat"]) if "fat" in images else None
    scan = raw if pair else preprocess(raw, PreprocessParams())
    table = measure(split, scan, MeasureParams(), find_fat(muscles, scan, pair))
    errors = {
        r.muscle: 100 * (r.fat_fraction - fat)
        for r in table.rows
        if r.region == "total" and r.fat_fraction is not None
    }
    found, low, high = (table.fat_fraction(limit) for limit in ("", "_low", "_high"))
    volume_cm3, contractile_cm3 = table.volume_cm3("total"), table.contractile_cm3("total")
    assert None not in (found, low, high, volume_cm3, contractile_cm3)
    lean_cm3 = (volume_cm3 or 0) * (1 - fat)
    return {
        "protocol": protocol,
        "foot": str(seed),
        "true fat (%)": 100 * fat,
        "found (%)": 100 * (found or 0),
        "limits (%)": f"{100 * (low or 0):.1f} to {100 * (high or 0):.1f}",
        "worst muscle (points)": max(errors.values(), key=abs),
        "contractile volume (%)": 100 * ((contractile_cm3 or 0) / lean_cm3 - 1),
    }


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9301)
    parser.add_argument("--protocols", nargs="+", default=["dixon_2pt", "t1_se_4mm"])
    given = parser.parse_args()
    rows = [
        assess(given.seed + k, fat, protocol)
        for protocol in given.protocols
        for k, fat in enumerate(FAT)
    ]
    print_markdown(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
