"""Work out the 95 % intervals of volumes from the errors that ``make accuracy`` measured.

Run with ``make calibration``. Reads the rows of feet that were measured by networks not trained
on their kind, and prints ``pipeline/stages/measure/calibration.tsv``, with the fraction of feet
within the limits of the other kinds on stderr.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.stages.measure.prediction_intervals import DOUBT
from validation.accuracy import LEFT_OUT
from validation.assess import PLANTAR

UNCALIBRATED = "t2_fs"
"""Protocol whose contrast has no intervals."""

LEAST_CM3 = 0.05
LEAST_FEET = 8
COVERAGE = 0.95
_WIDEST = 3.0  # times the interval of the pooled feet

Logs = NDArray[np.float64]
ByKind = Mapping[str, Logs]


def log_ratios(rows: pd.DataFrame, muscle: str, region: str) -> pd.Series:
    """Give the logarithm of true over measured volume of each foot that has both."""
    true, found = (
        pd.to_numeric(rows[f"{muscle}_{region}_{which}"]) for which in ("true_cm3", "cm3")
    )
    known = (true > LEAST_CM3) & (found > LEAST_CM3)
    return (true[known] / found[known]).map(np.log)


def limits(ratios: Logs, scale: float = 1.0) -> tuple[float, float]:
    """Give the 95 % prediction interval of one more ratio, extended to contain 1.

    Parameters
    ----------
    scale
        Factor of its width.
    """
    n = len(ratios)
    half = scale * stats.t.ppf(0.975, n - 1) * ratios.std(ddof=1) * np.sqrt(1 + 1 / n)
    low, high = np.exp((ratios.mean() - half, ratios.mean() + half))
    return min(1.0, float(low)), max(1.0, float(high))


def covered(by_kind: ByKind, scale: float = 1.0) -> float:
    """Give the fraction of ratios within the limits of the other kinds."""
    inside = []
    for kind, ratios in by_kind.items():
        others = np.concatenate([r for other, r in by_kind.items() if other != kind])
        low, high = limits(others, scale)
        inside += [low <= ratio <= high for ratio in np.exp(ratios)]
    return float(np.mean(inside))


def limits_of_a_new_kind(by_kind: ByKind) -> tuple[float, float]:
    """Widen the pooled limits until those of the other kinds cover each kind left out.

    Notes
    -----
    Errors differ more between kinds of feet than between feet of one kind, and a living foot
    is of a kind of its own. This is conformal prediction with kinds as the folds.
    """
    scales = np.arange(1.0, _WIDEST + 0.05, 0.05)
    enough = [scale for scale in scales if covered(by_kind, scale) >= COVERAGE]
    return limits(np.concatenate([*by_kind.values()]), min(enough, default=_WIDEST))


def calibrations(rows: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the table, and say on stderr what they cover."""
    is_doubted = rows["cautions"].fillna("").str.split(";").map(lambda codes: DOUBT in codes)
    columns = [(PLANTAR, region) for region in REGIONS]
    columns += [(m.abbreviation, region) for m in MUSCLES for region in REGIONS]
    for caution, chosen in (("n/a", rows[~is_doubted]), (DOUBT, rows[is_doubted])):
        for muscle, region in columns:
            ratios = log_ratios(chosen, muscle, region)
            by_kind = {k: r.to_numpy() for k, r in ratios.groupby(chosen["kind"])}
            if len(ratios) < LEAST_FEET or min(map(len, by_kind.values())) == len(ratios):
                continue
            low, high = limits_of_a_new_kind(by_kind)
            yield "network", caution, muscle, region, len(ratios), f"{low:.4f}", f"{high:.4f}"
            sys.stderr.write(f"{caution} {muscle} {region}: {covered(by_kind):.0%} unwidened\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=Path("out/accuracy.tsv"))
    given = parser.parse_args()
    rows = pd.read_csv(given.rows, sep="\t", na_values="n/a")
    chosen = (rows["set"] == LEFT_OUT) & (rows["protocol"] != UNCALIBRATED)
    print("segmenter\tcaution\tmuscle\tregion\tfeet\tratio_low\tratio_high")  # noqa: T201
    for cells in calibrations(rows[chosen & rows["dice"].notna()]):
        print(*cells, sep="\t")  # noqa: T201


if __name__ == "__main__":
    main()
