"""Measure the network's errors on digital feet, for the 95 % intervals of volumes.

Run with ``make calibration``. Prints rows of ``pipeline/stages/measure/calibration.tsv``, with
the fraction of feet that lie in the interval of the others on stderr. The seed is a development
seed. With several of ``--protocol`` each foot is scanned by one of them in turn.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.anatomy import REGIONS
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.errors import PipelineError
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES
from pipeline.simulate.ground_truth import measure_ground_truth
from pipeline.stages.measure import MeasureParams, measure
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.stages.regions import RegionsParams, regions
from pipeline.stages.segment import SegmentParams, segment
from validation.trials import CONDITIONS, VARIED, trial

PROTOCOLS = ["t1_se_4mm", "t1_tse_3mm", "vibe_0p8", "dixon_2pt", "pd_tse"]
LEAST_CM3 = 0.05
LEAST_FEET = 20
SUM = "plantar"


def volumes_cm3(table: MeasurementTable) -> dict[tuple[str, str], float]:
    """Give the volume of every muscle in every region, and the sums."""
    volumes = {(r.muscle, r.region): (r.volume_mm3 or 0.0) / 1e3 for r in table.rows}
    sums = {(SUM, region): table.volume_cm3(region) or 0.0 for region in REGIONS}
    return {**sums, **volumes}


def log_ratios(
    k: int, *, seed: int, protocols: list[str], conditions: str
) -> dict[tuple[str, str], float] | None:
    """Give the logarithms of true over measured volume of one foot; None if refused."""
    foot, raw, _ = trial(
        k,
        seed=seed,
        protocol=protocols[k % len(protocols)],
        conditions=conditions,
        spacing_mm=1.0,
    )
    try:
        scan = preprocess(raw, PreprocessParams())
        split = regions(segment(scan, SegmentParams()), RegionsParams())
    except PipelineError as error:
        sys.stderr.write(f"foot {k + 1}: {error}\n")
        return None
    found = volumes_cm3(measure(split, scan, MeasureParams()))
    true = volumes_cm3(measure_ground_truth(foot)[1])
    return {
        key: float(np.log(true[key] / found[key]))
        for key in true
        if min(true[key], found[key]) > LEAST_CM3
    }


def limits(ratios: NDArray[np.float64]) -> tuple[float, float]:
    """Give the 95 % prediction interval of one more ratio, extended to contain 1."""
    n = len(ratios)
    half = stats.t.ppf(0.975, n - 1) * ratios.std(ddof=1) * np.sqrt(1 + 1 / n)
    low, high = np.exp((ratios.mean() - half, ratios.mean() + half))
    return min(1.0, float(low)), max(1.0, float(high))


def covered(ratios: NDArray[np.float64]) -> float:
    """Give the fraction of ratios within the prediction interval of the others."""
    inside = []
    for k, ratio in enumerate(np.exp(ratios)):
        low, high = limits(np.delete(ratios, k))
        inside.append(low <= ratio <= high)
    return float(np.mean(inside))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7008)
    parser.add_argument("--feet", type=int, default=30)
    parser.add_argument("--protocol", nargs="+", choices=PROTOCOL_NAMES, default=PROTOCOLS)
    parser.add_argument("--conditions", choices=CONDITIONS, default=VARIED)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    task = partial(
        log_ratios,
        seed=given.seed,
        protocols=given.protocol,
        conditions=given.conditions,
    )
    with ProcessPoolExecutor(given.jobs) as pool:
        found = [ratios for ratios in pool.map(task, range(given.feet)) if ratios]
    print("segmenter\tmuscle\tregion\tfeet\tratio_low\tratio_high")  # noqa: T201
    for muscle, region in dict.fromkeys(key for foot in found for key in foot):
        ratios = np.array([f[muscle, region] for f in found if (muscle, region) in f])
        if len(ratios) < LEAST_FEET:
            continue
        low, high = limits(ratios)
        cells = (
            SegmentParams().segmenter,
            muscle,
            region,
            len(ratios),
            f"{low:.4f}",
            f"{high:.4f}",
        )
        print(*cells, sep="\t")  # noqa: T201
        sys.stderr.write(f"{muscle} {region}: {covered(ratios):.0%} covered\n")


if __name__ == "__main__":
    main()
