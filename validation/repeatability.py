"""Scan digital feet repeatedly, and print how far their measured volumes differ.

Run as ``python -m validation.repeatability``. Each repeat has another position and tilt, and
the next of the protocols.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import REGIONS
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES
from pipeline.phantom.anatomy.foot_kind import FootKind
from validation.accuracy import PROTOCOLS
from validation.assess import PLANTAR, Row, measured, volumes_cm3
from validation.left_out_weights import weights_without
from validation.markdown import print_markdown
from validation.trials import STANDARD, again, trial


def spread(k: int, *, seed: int, protocols: list[str], repeats: int) -> Row:
    """Scan foot `k` repeatedly; give the CV of its volumes in percent."""
    kind = [*FootKind][k % len(FootKind)]
    foot, _ = trial(k, seed=seed, protocol=protocols[0], conditions=STANDARD, kind=kind)
    rng, weights = np.random.default_rng((seed, k)), weights_without(kind)
    volumes = []
    for repeat in range(repeats):
        raw = again(foot, protocols[repeat % len(protocols)], rng)
        found = volumes_cm3(measured(raw, weights)[-1])
        volumes.append([found[PLANTAR, region] for region in REGIONS])
    cv = 100 * np.std(volumes, axis=0, ddof=1) / np.mean(volumes, axis=0)
    cvs = {f"{region} CV (%)": float(v) for region, v in zip(REGIONS, cv, strict=True)}
    return {"foot": f"{seed}-{k + 1:02d}", "kind": kind, "scans": repeats, **cvs}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9963)
    parser.add_argument("--feet", type=int, default=4)
    parser.add_argument("--protocol", nargs="+", choices=PROTOCOL_NAMES, default=PROTOCOLS)
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    task = partial(spread, seed=given.seed, protocols=given.protocol, repeats=given.repeats)
    with ProcessPoolExecutor(given.jobs) as pool:
        print_markdown(pd.DataFrame(pool.map(task, range(given.feet))))


if __name__ == "__main__":
    main()
