"""Compare a population of digital feet with measurements of living ones.

Run with ``make population``. Prints the table of docs/phantom.md with its sources, and
fails if a figure leaves its bounds.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.region_split import RegionSplit
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.shape import draw_shape
from pipeline.simulate.ground_truth import measure_ground_truth
from validation.population_kinds import Check, kind_checks, kind_lines, kinds_table

# Kura et al. 1997 (PCSA x fibre length) x 1.35, which gives Chang's 113.3 cm3. cm3.
VOLUMES_CM3: Mapping[str, float] = {
    "ABH": 20.8,
    "FDB": 15.1,
    "ADM": 12.2,
    "QP": 10.5,
    "LUM": 2.9,
    "FHB": 9.0,
    "ADHO": 12.4,
    "ADHT": 1.6,
    "FDMB": 4.8,
    "INT": 24.1,
    "EDB": 6.2,
    "EHB": 5.0,
}
VOLUME_WITHIN = 0.20
CV_BOUNDS = (20.0, 30.0)  # Andersen 2004, Swanson 2022; %
PLANTAR_CM3 = (113.3, 10.0)  # Chang 2012, women, contractile tissue
# Swanson DC et al. 2022 (doi:10.1186/s12891-022-05090-6), MRI, right foot: mean and SD, cm2.
LARGEST_SECTION_CM2: Mapping[str, tuple[float, float]] = {
    "ABH": (2.53, 0.51),
    "FDB": (2.36, 0.52),
    "QP": (1.90, 0.59),
    "FHB": (1.40, 0.36),
    "ADM": (1.27, 0.37),
}
MUSCLE_SHARE = (31.0, 8.0)  # Bus 2002, metatarsal region, % of the foot's cross-section
METATARSAL_REGION = (0.60, 0.75)  # judgement: of the bones' length, from the heel
FOOT_LENGTH_MM = (210.0, 300.0)
ANKLE = 0.18  # above this fraction of the bones' length is leg
COUNT_FOR_SPREADS = 40  # the CV of fewer feet is too uncertain


def assess(k: int, *, seed: int, spacing_mm: float) -> dict[str, float]:
    """Make foot `k` of a seed and measure it."""
    shape = draw_shape(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,))))
    foot = make_foot(shape, spacing_mm)
    split, table = measure_ground_truth(foot)
    skin_mm, share = _envelope(foot, split)
    row = {
        "plantar": table.volume_cm3("total") or 0.0,
        "rearfoot": table.volume_cm3("rearfoot") or 0.0,
        "bone length": split.landmarks.foot_length_mm or 0.0,
        "foot length": skin_mm,
        "muscle share": share,
    }
    for line in table.rows:
        if line.region == "total":
            row[line.muscle] = (line.volume_mm3 or 0.0) / 1e3
            row[f"{line.muscle} section"] = (line.acsa_max_mm2 or 0.0) / 1e2
            row[f"{line.muscle} at"] = (line.acsa_max_position_mm or 0.0) / row["bone length"]
            row[f"{line.muscle} length"] = line.length_mm or 0.0
    for muscle in MUSCLES:
        row[f"{muscle.abbreviation} asked"] = shape.muscle_volumes_cm3[muscle.index]
    return row


def _envelope(foot: Foot, split: RegionSplit) -> tuple[float, float]:
    """Give the foot's length over the skin (mm), and muscle at the metatarsals (%)."""
    frame, length = split.landmarks.frame, split.landmarks.foot_length_mm or 0.0
    inside = np.nonzero(foot.tissues != Tissue.AIR)
    along, _, dorsal = frame.coordinates(foot.grid.to_world(np.array(inside).T)).T
    is_muscle = split.muscles.voxels[inside] > 0
    low, high = (share * length for share in METATARSAL_REGION)
    is_metatarsal = (along > low) & (along < high)
    below_ankle = along[dorsal < ANKLE * length]
    return float(np.ptp(below_ankle)), 100 * float(is_muscle[is_metatarsal].mean())


def population(feet: int, *, seed: int, spacing_mm: float, jobs: int) -> pd.DataFrame:
    """Measure many feet, one row each."""
    task = partial(assess, seed=seed, spacing_mm=spacing_mm)
    with ProcessPoolExecutor(jobs) as pool:
        return pd.DataFrame(pool.map(task, range(feet)))


def correlations(feet: pd.DataFrame) -> np.ndarray:
    """Give the correlation of every pair of muscles, volumes as measured."""
    matrix = feet[list(VOLUMES_CM3)].corr().to_numpy()
    return matrix[np.triu_indices_from(matrix, 1)]


def checks(feet: pd.DataFrame) -> Iterator[Check]:
    """Compare every figure with its source."""
    mean, margin = PLANTAR_CM3
    total = feet["plantar"].mean()
    yield Check("plantar total, cm3", total, mean - margin, mean + margin, "Chang 2012")
    for name, volume in VOLUMES_CM3.items():
        low, high = volume * (1 - VOLUME_WITHIN), volume * (1 + VOLUME_WITHIN)
        yield Check(f"{name} volume, cm3", feet[name].mean(), low, high, "Kura 1997 x 1.35")
    for name, (mean, sd) in LARGEST_SECTION_CM2.items():
        section = feet[f"{name} section"].mean()
        yield Check(f"{name} section, cm2", section, mean - sd, mean + sd, "Swanson 2022")
    mean, margin = MUSCLE_SHARE
    share = feet["muscle share"].mean()
    yield Check("muscle at the metatarsals, %", share, mean - margin, mean + margin, "Bus 2002")
    length = feet["foot length"]
    yield Check("shortest foot, mm", length.min(), *FOOT_LENGTH_MM, "adult sizes")
    yield Check("longest foot, mm", length.max(), *FOOT_LENGTH_MM, "adult sizes")
    if len(feet) < COUNT_FOR_SPREADS:
        return
    for name in ("plantar", *VOLUMES_CM3):
        cv = 100 * feet[name].std() / feet[name].mean()
        yield Check(f"{name} CV, %", cv, *CV_BOUNDS, "Andersen 2004, Swanson 2022")


def main() -> int:
    """Print the table as Markdown; 1 if a figure leaves its bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feet", type=int, default=200)
    parser.add_argument("--seed", type=int, default=9002)
    parser.add_argument("--spacing-mm", type=float, default=1.0)
    parser.add_argument("--feet-of-kind", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    feet = population(given.feet, seed=given.seed, spacing_mm=given.spacing_mm, jobs=given.jobs)
    lines = [f"{len(feet)} feet, seed {given.seed}, voxels of {given.spacing_mm} mm", ""]
    lines += ["| figure | found | bounds | source | |", "|---|---|---|---|---|"]
    found = list(checks(feet))
    for c in found:
        mark = "" if c.is_met else "OUTSIDE"
        lines.append(
            f"| {c.what} | {c.found:.2f} | {c.low:.2f} to {c.high:.2f} | {c.source} | {mark} |"
        )
    lines += ["", *_by_muscle(feet), "", *_spreads(feet), ""]
    every = kinds_table(
        given.feet_of_kind, seed=given.seed, spacing_mm=given.spacing_mm, jobs=given.jobs
    )
    lines += kind_lines(every)
    reached = list(kind_checks(every))
    sys.stdout.write("\n".join([*lines, ""]))
    return 0 if all(c.is_met for c in (*found, *reached)) else 1


def _by_muscle(feet: pd.DataFrame) -> Iterator[str]:
    """Give figures without a source: lengths, positions, volume made of that requested."""
    yield (
        "| muscle | volume cm3 (SD) | of asked % | largest section cm2 (SD) "
        "| at % of bones | length mm |"
    )
    yield "|---|---|---|---|---|---|"
    for name in VOLUMES_CM3:
        reached = 100 * (feet[name] / feet[f"{name} asked"]).mean()
        section = feet[f"{name} section"]
        yield (
            f"| {name} | {feet[name].mean():.2f} ({feet[name].std():.2f}) | {reached:.0f} "
            f"| {section.mean():.2f} ({section.std():.2f}) "
            f"| {100 * feet[f'{name} at'].mean():.0f} | {feet[f'{name} length'].mean():.0f} |"
        )


def _spreads(feet: pd.DataFrame) -> Iterator[str]:
    """Give the figures of the whole foot."""
    pairs = correlations(feet)
    low, median, high = np.quantile(pairs, (0.05, 0.5, 0.95))
    reach = f"5 to 95 %: {low:.2f} to {high:.2f}"
    yield f"Correlation of muscle pairs: median {median:.2f} ({reach})."
    share = 100 * (1 - feet["rearfoot"] / feet["plantar"])
    yield f"Forefoot share of the plantar volume: {share.mean():.1f} % (SD {share.std():.1f})."
    for name in ("foot length", "bone length", "plantar", "muscle share"):
        column = feet[name]
        yield (
            f"{name.capitalize()}: mean {column.mean():.1f}, SD {column.std():.1f}, "
            f"{column.min():.1f} to {column.max():.1f}."
        )


if __name__ == "__main__":
    sys.exit(main())
