"""Compare the segmentation with digital feet whose ground truth is known.

Run with ``make accuracy``. Prints the table of docs/accuracy.md. The seed is one that
nothing was tuned on. With several of ``--protocol`` it also prints them side by side.
``--conditions varied`` changes side, fat, noise and tilt, ``beyond`` the anatomy, ``--kind``
how muscles and skeleton are made; ``--repeats`` scans each foot so many times, once by each
protocol in turn, and prints how far its volumes differ.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import MUSCLES, PLANTAR_LABELS, REGIONS
from pipeline.domain.labels import Segmentation
from pipeline.domain.landmarks import Landmarks
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError, SegmentationError
from pipeline.phantom.acquisition.protocols import DEFAULT_PROTOCOL, PROTOCOL_NAMES
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.simulate.ground_truth import measure_ground_truth
from pipeline.stages.measure import MeasureParams, measure
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.stages.regions import RegionsParams, regions
from pipeline.stages.segment import SegmentParams, segment
from validation.label_overlap import dice, on_grid
from validation.trials import CONDITIONS, STANDARD, VARIED, again, trial

Row = dict[str, object]
POINTS = [name for name in Landmarks.__dataclass_fields__ if name not in {"frame", "border"}]
POINTS.remove("foot_length_mm")


def attempt(
    k: int,
    *,
    seed: int,
    protocol: str,
    conditions: str,
    kind: FootKind = FootKind.TAPERED,
) -> Row:
    """Scan foot `k` and assess its segmentation, or say that it was refused."""
    foot, raw, what = trial(k, seed=seed, protocol=protocol, conditions=conditions, kind=kind)
    row: Row = {"foot": f"{seed}-{k + 1:02d}"}
    if what:
        row["changed"] = what
    return row | assess(raw, foot, measure_ground_truth(foot))


def assess(raw: Scan, foot: Foot, truth: tuple[RegionSplit, MeasurementTable]) -> Row:
    """Measure a scan and compare it with the ground truth."""
    true_split, true_table = truth
    row: Row = {"true total (cm3)": true_table.volume_cm3("total")}
    try:
        scan, found, split, table = measured(raw)
    except (ScanError, SegmentationError) as error:
        return row | {"refused": str(error).split(":", maxsplit=1)[0]}
    true_labels, labels = on_grid(foot.truth.muscles, scan.grid), found.muscles.voxels
    row["Dice"] = dice(*(np.isin(v, PLANTAR_LABELS) for v in (labels, true_labels)))
    for region in REGIONS:
        due = true_table.volume_cm3(region)
        assert due is not None
        row[f"{region} error (%)"] = 100 * (volume_cm3(table, region) / due - 1)
    marks = [
        np.subtract(getattr(split.landmarks, n), getattr(true_split.landmarks, n))
        for n in POINTS
    ]
    row["worst landmark (mm)"] = float(np.linalg.norm(marks, axis=1).max())
    borders = [s.landmarks.border.position_mm for s in (split, true_split)]
    row["border (mm)"] = borders[0] - borders[1]
    row["side"] = "right" if found.side is foot.side else "WRONG"
    row["doubted"] = ", ".join(c.code for c in found.cautions)
    for muscle in MUSCLES:
        pair = (labels == muscle.index, true_labels == muscle.index)
        row[muscle.abbreviation] = dice(*pair)
    return row


def measured(raw: Scan) -> tuple[Scan, Segmentation, RegionSplit, MeasurementTable]:
    """Take a scan from the scanner to its volumes."""
    scan = preprocess(raw, PreprocessParams())
    found = segment(scan, SegmentParams())
    split = regions(found, RegionsParams())
    return scan, found, split, measure(split, scan, MeasureParams())


def volume_cm3(table: MeasurementTable, region: str) -> float:
    """Give the volume of a region, which must be known."""
    volume = table.volume_cm3(region)
    assert volume is not None
    return volume


def spread(
    k: int,
    *,
    seed: int,
    protocols: list[str],
    repeats: int,
    kind: FootKind = FootKind.TAPERED,
) -> Row:
    """Scan foot `k` repeatedly; give the CV of its volumes in percent."""
    foot, _, _ = trial(k, seed=seed, protocol=protocols[0], conditions=STANDARD, kind=kind)
    rng = np.random.default_rng((seed, k))
    volumes = []
    for repeat in range(repeats):
        raw = again(foot, protocols[repeat % len(protocols)], rng)
        try:
            table = measured(raw)[-1]
        except (ScanError, SegmentationError):
            continue
        volumes.append([volume_cm3(table, region) for region in REGIONS])
    cv = 100 * np.std(volumes, axis=0, ddof=1) / np.mean(volumes, axis=0)
    cvs = {f"{region} CV (%)": float(v) for region, v in zip(REGIONS, cv, strict=True)}
    return {"foot": f"{seed}-{k + 1:02d}", "scans": len(volumes), **cvs}


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9962)
    parser.add_argument("--feet", type=int, default=10)
    parser.add_argument(
        "--protocol", nargs="+", choices=PROTOCOL_NAMES, default=[DEFAULT_PROTOCOL]
    )
    parser.add_argument("--conditions", choices=CONDITIONS, default=STANDARD)
    parser.add_argument("--kind", type=FootKind, choices=[*FootKind], default=FootKind.TAPERED)
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.jobs) as pool:
        if given.repeats:
            task = partial(
                spread,
                seed=given.seed,
                protocols=given.protocol,
                repeats=given.repeats,
                kind=given.kind,
            )
            print(f"### Scanned {given.repeats} times\n")  # noqa: T201
            print_markdown(pd.DataFrame(pool.map(task, range(given.feet))))
            return
        runs = []
        for turn, protocol in enumerate(given.protocol):
            # varied scans use other feet for each protocol, so that more feet are tried
            first = turn * given.feet if given.conditions == VARIED else 0
            task = partial(
                attempt,
                seed=given.seed,
                protocol=protocol,
                conditions=given.conditions,
                kind=given.kind,
            )
            found = list(pool.map(task, range(first, first + given.feet)))
            if len(given.protocol) > 1:
                print(f"### {protocol}\n")  # noqa: T201
            runs.append({"protocol": protocol, **print_run(pd.DataFrame(found))})
    if len(runs) > 1:
        print_markdown(pd.DataFrame(runs))


def print_run(rows: pd.DataFrame) -> Row:
    """Print the tables of one protocol; give them in one row."""
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
    """Print a frame as a Markdown table, numbers with two decimals."""
    print("| " + " | ".join(map(str, frame)) + " |")  # noqa: T201
    print("|" + "---|" * frame.shape[1])  # noqa: T201
    for row in frame.itertuples(index=False):
        cells = (f"{c:.2f}" if isinstance(c, float) else str(c) for c in row)
        print("| " + " | ".join(cells) + " |")  # noqa: T201
    print()  # noqa: T201


if __name__ == "__main__":
    main()
