"""Compare the volumes of feet whose truth is known with what is measured.

Run with ``make accuracy``. Prints the tables of docs/accuracy.md: digital feet of all kinds,
in six protocols, each measured by networks that were not trained on its kind and by the
packaged ones; and the foreign scans of the folder that the environment variable
``FOOTVOL_FOREIGN`` names. Nothing was tuned on the seed.
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import MUSCLES, REGION_NAMES, REGIONS, TOTAL
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES
from validation.assess import Row, Truth, assess
from validation.foreign import foreign_labels, foreign_scan
from validation.left_out_weights import weights_without
from validation.markdown import print_markdown
from validation.trials import trial, turn

PROTOCOLS = ["t1_se_4mm", "t1_tse_3mm", "vibe_0p8", "dixon_2pt", "pd_tse", "t2_fs"]
LEFT_OUT, TRAINED, FOREIGN = "left out", "trained on", "foreign"
SETS = [LEFT_OUT, TRAINED]
_ORDER = (TOTAL, *REGION_NAMES.values())
SPACING_MM = 0.7
"""Of the feet's own voxels."""

BAD_PERCENT = 5.0
"""Error of the total above which a scan ought to carry a caution."""


def attempt(k: int, *, seed: int, protocols: list[str], sets: list[str]) -> list[Row]:
    """Measure scan `k` by networks that have not seen its kind, or by the packaged ones."""
    kind, protocol, conditions = turn(k, protocols)
    foot, raw = trial(
        k, seed=seed, protocol=protocol, conditions=conditions, spacing_mm=SPACING_MM, kind=kind
    )
    truth = Truth.of_digital_foot(foot, raw.grid)
    of_scan: Row = {
        "scan": f"{seed}-{k + 1:02d}",
        "kind": str(kind),
        "protocol": protocol,
        "conditions": conditions,
    }
    weights = {LEFT_OUT: weights_without(kind), TRAINED: None}
    return [{"set": name} | of_scan | assess(raw, truth, weights[name]) for name in sets]


def attempt_foreign(folder: Path, label: str) -> list[Row]:
    """Measure one foreign scan."""
    raw, truth = foreign_scan(folder, label)
    of_scan: Row = {"set": FOREIGN, "scan": label, "kind": FOREIGN, "protocol": raw.contrast}
    return [of_scan | assess(raw, truth)]


def main() -> None:
    """Measure, keep a row of every scan, and print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9991)
    parser.add_argument("--scans", type=int, default=40, help="24 are a round")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--protocol", nargs="+", choices=PROTOCOL_NAMES, default=PROTOCOLS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rows", type=Path, default=Path("out/accuracy.tsv"))
    given = parser.parse_args()
    given.rows.parent.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        task = partial(attempt, seed=given.seed, protocols=given.protocol, sets=given.sets)
        measured = pool.map(task, range(given.scans))
        for found in chain(measured, _foreign_rows(pool)):
            rows += found
            table = pd.DataFrame(rows)
            table.to_csv(given.rows, sep="\t", index=False, na_rep="n/a", float_format="%.5g")
    print_tables(table)


def _foreign_rows(pool: ProcessPoolExecutor) -> Iterator[list[Row]]:
    if folder := os.environ.get("FOOTVOL_FOREIGN"):
        labels = foreign_labels(Path(folder))
        yield from pool.map(partial(attempt_foreign, Path(folder)), labels)


def print_tables(rows: pd.DataFrame) -> None:
    """Print accuracy by set, kind, protocol and muscle; foreign scans; and cautions."""
    for title, by in (("By kind", "kind"), ("By protocol", "protocol")):
        groups = [*rows.groupby(["set", by], sort=False), *rows.groupby(["set"], sort=False)]
        print(f"### {title}\n")  # noqa: T201
        print_markdown(pd.DataFrame([_summary(name, group) for name, group in groups]))
    print("### By muscle\n")  # noqa: T201
    print_markdown(pd.DataFrame(_of_muscles(rows)))
    foreign = rows[rows["set"] == FOREIGN]
    if not foreign.empty:
        print("### Foreign scans\n")  # noqa: T201
        print_markdown(pd.DataFrame(_each(foreign)))
    print("### Cautions, left out and foreign\n")  # noqa: T201
    print_markdown(pd.DataFrame(_of_cautions(rows[rows["set"] != TRAINED])))


def _summary(name: tuple[str, ...], rows: pd.DataFrame) -> Row:
    row: Row = {"set": name[0], "of": name[1] if len(name) > 1 else "all", "scans": len(rows)}
    row["refused"] = int(rows["dice"].isna().sum())
    row["Dice, median (least)"] = f"{rows['dice'].median():.3f} ({rows['dice'].min():.3f})"
    for region in _ORDER:
        errors = rows[f"{region}_error"]
        row[f"{region} error (%), median (worst), mean"] = (
            f"{errors.abs().median():.1f} ({errors.abs().max():.1f}), {errors.mean():+.1f}"
        )
    away = rows["border_mm"].abs()
    row["border (mm)"] = f"{away.median():.1f} ({away.max():.1f})"
    row["covered, total/rearfoot/forefoot"] = "/".join(_covered(rows, r) for r in _ORDER)
    return row


def _covered(rows: pd.DataFrame, region: str) -> str:
    inside = rows.get(f"{region}_covered", pd.Series(dtype=object)).dropna()
    return f"{inside.sum():g} of {len(inside)}" if len(inside) else "n/a"


def _of_muscles(rows: pd.DataFrame) -> Iterator[Row]:
    for muscle in MUSCLES:
        row: Row = {"muscle": muscle.abbreviation}
        for name, group in rows.groupby("set", sort=False):
            dices = group[f"{muscle.abbreviation}_dice"].dropna()
            row[f"Dice, {name}"] = f"{dices.median():.2f} ({dices.min():.2f})"
            row[f"slope, {name}"] = _slope(group, muscle.abbreviation)
        yield row


def _slope(rows: pd.DataFrame, muscle: str) -> float:
    """Slope of measured on true volume, by least squares."""
    known = rows[[f"{muscle}_total_true_cm3", f"{muscle}_total_cm3"]].dropna()
    return float(np.polyfit(known.iloc[:, 0], known.iloc[:, 1], 1)[0])


def _each(rows: pd.DataFrame) -> Iterator[Row]:
    shown = ["scan", "protocol", "plantar_total_true_cm3", "dice", "border_mm", "cautions"]
    for _, row in rows.iterrows():
        yield {
            **row[shown[:4]],
            **{f"{region} (%)": row[f"{region}_error"] for region in REGIONS},
            **row[shown[4:]],
            "covered": "/".join(str(row.get(f"{region}_covered")) for region in REGIONS),
        }


def _of_cautions(rows: pd.DataFrame) -> Iterator[Row]:
    """How often each caution stands beside a bad total and beside a good one."""
    measured = rows.dropna(subset="dice")
    is_bad = measured["total_error"].abs() > BAD_PERCENT
    codes = measured["cautions"].fillna("").str.split(";")
    for code in sorted({code for of_scan in codes for code in of_scan if code}):
        has = codes.map(lambda found, code=code: code in found)
        caught, alarms = has[is_bad].mean(), has[~is_bad].mean()
        yield {
            "caution": code,
            f"of {is_bad.sum()} bad": int(has[is_bad].sum()),
            f"of {(~is_bad).sum()} good": int(has[~is_bad].sum()),
            "AUC": (1 + caught - alarms) / 2,
        }


if __name__ == "__main__":
    main()
