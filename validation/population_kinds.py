"""Compare the range that feet of all kinds cover with measurements of single feet.

Part of ``make population``.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd
from scipy import ndimage

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.shape import FootShape

# Muscle share of a well-muscled man's two feet, tissue labels of 1 mm, by fraction of the
# skin's length from the heel, %.
STATIONS = (0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.625, 0.65, 0.70)
VISIBLE_MAN_SHARE = (10.0, 14.0, 18.0, 22.0, 22.0, 27.0, 38.0, 49.0, 53.0, 50.0, 33.0)
FITTED_BONES = [*range(1, 13)]  # calcaneus to fifth metatarsal
MEAN_FOOT_SPACING_MM = 1.0
SOLE_MM = 45.0  # above the lowest skin; the length of the foot is measured below it
# The range that all kinds must cover, by column: at most the first to at least the second.
REACHED: Mapping[str, tuple[str, float, float, str]] = {
    "plantar": ("plantar total, cm3", 50.0, 206.0, "wasted foot; Visible Human Male"),
    "INT": ("interossei, cm3", 12.0, 24.1, "thin mesh feet; Kura 1997 x 1.35"),
    "bones off": ("bones off an affine fit, mm", 2.3, 3.8, "other people's skeletons"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of the population with its source."""

    what: str
    found: float
    low: float
    high: float
    source: str

    @property
    def is_met(self) -> bool:
        """Whether the figure lies within its bounds."""
        return self.low <= self.found <= self.high


def assess_kind(k: int, *, kind: FootKind, seed: int, spacing_mm: float) -> dict[str, float]:
    """Make foot `k` of a kind and take the measurements that are known of single feet.

    Returns
    -------
    dict
        Volumes in cm3, muscle in % of the cross-section at `STATIONS`, the aponeurosis'
        distance from the skin under the heel (mm), and the residual of an affine fit of the
        mean foot's bones (mm, root mean square over the first twelve).
    """
    key = (k, [*FootKind].index(kind))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    shape = draw_kind_shape(rng, kind)
    foot = make_foot(shape, spacing_mm)
    plantar = np.isin(foot.truth.muscles.voxels, PLANTAR_LABELS)
    share = _share_along(foot, plantar)
    row = {f"share at {s}": 100 * float(v) for s, v in zip(STATIONS, share, strict=True)}
    cm3 = spacing_mm**3 / 1e3
    row["plantar"] = float(plantar.sum() * cm3)
    row["asked"] = sum(shape.muscle_volumes_cm3[label] for label in PLANTAR_LABELS)
    row["INT"] = float((foot.truth.muscles.voxels == 10).sum() * cm3)
    row["largest share"] = 100 * float(share.max())
    row["bones off"] = bone_residual_mm(foot)
    return row


def _share_along(foot: Foot, plantar: np.ndarray) -> np.ndarray:
    """Give the fraction of the cross-section that is plantar muscle, at each station."""
    inside = foot.tissues != Tissue.AIR
    heights = foot.grid.to_world(np.argwhere(inside))[:, 2]
    low_mm = heights.min() + SOLE_MM
    floor = int(np.ceil(foot.grid.to_index((0.0, 0.0, low_mm))[2]))
    planes = np.flatnonzero(inside[:, :, :floor].any(axis=(0, 2)))
    at = np.rint(planes[0] + np.array(STATIONS) * np.ptp(planes)).astype(int)
    found: np.ndarray = plantar[:, at].sum(axis=(0, 2)) / inside[:, at].sum(axis=(0, 2))
    return found


def bone_residual_mm(foot: Foot) -> float:
    """Give how far bone centroids lie from the best affine fit of the mean foot.

    The root mean square distance over the bones from calcaneus to fifth metatarsal, in mm.
    """
    design = np.column_stack((_mean_centroids_mm(), np.ones(len(FITTED_BONES))))
    centroids = bone_centroids_mm(foot)
    fitted = design @ np.linalg.lstsq(design, centroids, rcond=None)[0]
    return float(np.sqrt(((centroids - fitted) ** 2).sum(axis=1).mean()))


def bone_centroids_mm(foot: Foot) -> np.ndarray:
    """Give the centroids of the fitted bones in world coordinates, one row a bone."""
    bones = foot.truth.bones
    at = ndimage.center_of_mass(bones.voxels > 0, bones.voxels, FITTED_BONES)
    return np.array([bones.grid.to_world(index) for index in at])


@cache
def _mean_centroids_mm() -> np.ndarray:
    return bone_centroids_mm(make_foot(FootShape(), MEAN_FOOT_SPACING_MM))


def kinds_table(feet: int, *, seed: int, spacing_mm: float, jobs: int) -> pd.DataFrame:
    """Measure some feet of each kind, one row a foot."""
    tables = []
    with ProcessPoolExecutor(jobs) as pool:
        for kind in FootKind:
            task = partial(assess_kind, kind=kind, seed=seed, spacing_mm=spacing_mm)
            table = pd.DataFrame(pool.map(task, range(feet)))
            tables.append(table.assign(kind=str(kind)))
    return pd.concat(tables, ignore_index=True)


def kind_checks(feet: pd.DataFrame) -> Iterator[Check]:
    """Check that measurements of single feet lie in the range that all kinds cover."""
    for name, (what, low, high, source) in REACHED.items():
        yield Check(f"least {what}", feet[name].min(), -np.inf, low, source)
        yield Check(f"greatest {what}", feet[name].max(), high, np.inf, source)
    for station, share in zip(STATIONS, VISIBLE_MAN_SHARE, strict=True):
        greatest = feet[f"share at {station}"].max()
        what = f"greatest muscle share at {station}, %"
        yield Check(what, greatest, share, np.inf, "Visible Human Male")


def kind_lines(feet: pd.DataFrame) -> Iterator[str]:
    """Give the range of each kind, and the checks."""
    names = ("plantar", "INT", "largest share", "bones off")
    yield "| kind | plantar cm3 | of asked % | INT cm3 | largest share % | bones off mm |"
    yield "|---|---|---|---|---|---|"
    for kind, rows in feet.groupby("kind", sort=False):
        spans = {n: f"{rows[n].min():.1f} to {rows[n].max():.1f}" for n in names}
        asked = 100 * rows["plantar"] / rows["asked"]
        spans["asked"] = f"{asked.min():.0f} to {asked.max():.0f}"
        order = ("plantar", "asked", *names[1:])
        yield f"| {kind} | " + " | ".join(spans[n] for n in order) + " |"
    yield ""
    yield "| figure | found | bounds | source | |"
    yield "|---|---|---|---|---|"
    for c in kind_checks(feet):
        mark = "" if c.is_met else "OUTSIDE"
        bounds = f"{c.low:.1f} or more" if np.isinf(c.high) else f"{c.high:.1f} or less"
        yield f"| {c.what} | {c.found:.1f} | {bounds} | {c.source} | {mark} |"
