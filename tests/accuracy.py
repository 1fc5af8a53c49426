"""Hold the segmentation to digital feet whose truth is known.

Run with ``make accuracy``. Prints the table of docs/accuracy.md. The seed is one that
nothing was tuned on. With several of ``--protocol`` or ``--segmenter`` it also prints them
beside one another.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from simulated import dice, on_grid

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.landmarks import Landmarks
from pipeline.errors import ScanError, SegmentationError
from pipeline.phantom.cohort import draw_cohort
from pipeline.phantom.protocols import DEFAULT_PROTOCOL, PROTOCOL_NAMES, get_protocol
from pipeline.segmenters import SEGMENTERS
from pipeline.simulate import simulate_scan
from pipeline.stages.measure import MeasureParams, measure
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.stages.regions import RegionsParams, regions
from pipeline.stages.segment import SegmentParams, segment
from pipeline.truth import measure_truth

Row = dict[str, object]
DEFAULT = SegmentParams().segmenter
PLANTAR = [m.index for m in MUSCLES if m.is_plantar]
POINTS = [name for name in Landmarks.__dataclass_fields__ if name not in {"frame", "border"}]
POINTS.remove("foot_length_mm")


def attempt(k: int, *, seed: int, per_group: int, protocol: str, segmenter: str) -> Row:
    """Assess participant `k`; a scan that is refused gives a row that says so."""
    try:
        return assess(k, seed=seed, per_group=per_group, protocol=protocol, segmenter=segmenter)
    except (ScanError, SegmentationError) as error:
        return {"foot": f"{seed}-{k + 1:02d}", "refused": str(error).split(":", maxsplit=1)[0]}


def assess(k: int, *, seed: int, per_group: int, protocol: str, segmenter: str) -> Row:
    """Simulate participant `k`, measure it and compare with the truth."""
    foot, raw = simulate_scan(draw_cohort(per_group, seed)[k], get_protocol(protocol))
    scan = preprocess(raw, PreprocessParams())
    found = segment(scan, SegmentParams(segmenter=segmenter))
    split = regions(found, RegionsParams())
    table = measure(split, scan, MeasureParams())
    true_split, truth = measure_truth(foot)
    true_labels, labels = on_grid(foot.truth.muscles, scan.grid), found.muscles.voxels
    true_plantar, plantar = (np.isin(v, PLANTAR) for v in (true_labels, labels))
    row: Row = {
        "foot": f"{seed}-{k + 1:02d}",
        "true total (cm3)": truth.volume_cm3("total"),
        "Dice": dice(plantar, true_plantar),
    }
    for region in ("rearfoot", "forefoot", "total"):
        got, due = table.volume_cm3(region), truth.volume_cm3(region)
        assert got is not None
        assert due is not None
        row[f"{region} error (%)"] = 100 * (got / due - 1)
    marks = [
        np.subtract(getattr(split.landmarks, n), getattr(true_split.landmarks, n))
        for n in POINTS
    ]
    row["worst landmark (mm)"] = float(np.linalg.norm(marks, axis=1).max())
    borders = [s.landmarks.border.position_mm for s in (split, true_split)]
    row["border (mm)"] = borders[0] - borders[1]
    row["side"] = "right" if found.side is foot.side else "WRONG"
    for muscle in MUSCLES:
        pair = (labels == muscle.index, true_labels == muscle.index)
        row[muscle.abbreviation] = dice(*pair)
    return row


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9201)
    parser.add_argument("--feet", type=int, default=10)
    parser.add_argument(
        "--protocol", nargs="+", choices=PROTOCOL_NAMES, default=[DEFAULT_PROTOCOL]
    )
    parser.add_argument("--segmenter", nargs="+", choices=[*SEGMENTERS], default=[DEFAULT])
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    runs = []
    for protocol, segmenter in product(given.protocol, given.segmenter):
        task = partial(
            attempt,
            seed=given.seed,
            per_group=(given.feet + 1) // 2,
            protocol=protocol,
            segmenter=segmenter,
        )
        with ProcessPoolExecutor(given.jobs) as pool:
            rows = pd.DataFrame(pool.map(task, range(given.feet)))
        if len(given.protocol) * len(given.segmenter) > 1:
            print(f"### {segmenter}, {protocol}\n")  # noqa: T201
        runs.append({"protocol": protocol, "segmenter": segmenter, **print_run(rows)})
    if len(runs) > 1:
        print_markdown(pd.DataFrame(runs))


def print_run(rows: pd.DataFrame) -> Row:
    """Print the tables of one protocol and segmenter; give them in one row."""
    if "Dice" not in rows:
        print_markdown(rows)
        return {"feet": len(rows), "refused": len(rows)}
    print_markdown(rows[[c for c in rows if c not in {m.abbreviation for m in MUSCLES}]])
    dices = rows[[m.abbreviation for m in MUSCLES]]
    print_markdown(dices.agg(["median", "min"]).rename_axis("Dice").reset_index())
    errors = rows[[c for c in rows if str(c).endswith("error (%)")]].abs()
    print_markdown(errors.agg(["median", "max"]).rename_axis("absolute error").reset_index())
    return {
        "feet": len(rows),
        "refused": int(rows["Dice"].isna().sum()),
        "Dice, median": float(rows["Dice"].median()),
        **{f"{name}, median": float(errors[name].median()) for name in map(str, errors)},
        "side wrong": int((rows["side"] == "WRONG").sum()),
        **{str(m): float(value) for m, value in dices.median().items()},
    }


def print_markdown(frame: pd.DataFrame) -> None:
    """Print a frame as a Markdown table, figures to two decimals."""
    print("| " + " | ".join(map(str, frame)) + " |")  # noqa: T201
    print("|" + "---|" * frame.shape[1])  # noqa: T201
    for row in frame.itertuples(index=False):
        cells = (f"{c:.2f}" if isinstance(c, float) else str(c) for c in row)
        print("| " + " | ".join(cells) + " |")  # noqa: T201
    print()  # noqa: T201


if __name__ == "__main__":
    main()
