"""Feet to test a segmenter on: as in studies, varied, and beyond the training set.

Each is made from a seed and a number, so that segmenters can be compared on the same feet.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES, PHALANGES
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import Protocol, get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.positioning import random_pose
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import draw_cohort

STANDARD, VARIED, BEYOND = "standard", "varied", "beyond"
CONDITIONS = (STANDARD, VARIED, BEYOND)
_SNR = (10.0, 70.0)
_FAT = (0.05, 0.40)
_OBLIQUE_DEG = 25.0
_STUMP_MM = 8.0  # what is left of a missing toe

Change = Callable[[FootShape], FootShape]


def _all_muscles(amount: float) -> Mapping[int, float]:
    return MappingProxyType(dict.fromkeys(MUSCLE_NAMES, amount))


# One change at a time; each but the loss of muscle exceeds the range of training/feet.py.
CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "nothing": lambda s: s,
        "every muscle has lost 75 %": lambda s: replace(s, atrophy=_all_muscles(0.75)),
        "septa of 3 mm": lambda s: replace(s, septum_mm=3.0),
        "narrow and high": lambda s: replace(s, width=0.75, height=1.3),
        "wide and flat": lambda s: replace(s, width=1.3, height=0.75),
        "short toes": lambda s: replace(s, toe_length=0.55),
        "bent six times as much": lambda s: replace(s, waves=_stronger(s.waves, 6.0)),
        "two toes missing": lambda s: s,
    }
)


def trial(
    k: int,
    *,
    seed: int,
    protocol: str,
    conditions: str,
    spacing_mm: float = 0.5,
    kind: FootKind = FootKind.TAPERED,
) -> tuple[Foot, Scan, str]:
    """Make foot `k` of a seed and take one image of it.

    Parameters
    ----------
    conditions
        ``standard``: as `footvol phantom` makes studies. ``varied``: either side, 5 to 40 %
        of fat, SNR 10 to 70, slices turned by up to 25 degrees. ``beyond``: `CHANGES`, in turn.
    spacing_mm
        Of the foot's voxels; larger is quicker.
    kind
        Of the foot; all but tapered ones also have individual skeletons.

    Returns
    -------
    foot, scan, what
        What was changed, for ``beyond``.
    """
    member = draw_cohort(k // 2 + 1, seed)[k]
    rng = np.random.default_rng(member.seed)
    shape, taken, what = member.shape, get_protocol(protocol), ""
    if kind is not FootKind.TAPERED:
        shape = draw_kind_shape(np.random.default_rng((seed, k)), kind, member.shape.side)
    if conditions == VARIED:
        shape, taken = _varied(shape, taken, rng)
    elif conditions == BEYOND:
        what = [*CHANGES][k % len(CHANGES)]
        shape = CHANGES[what](shape)
    foot = make_foot(shape, spacing_mm)
    if what == "two toes missing":
        foot = _without_toes(foot)
    foot = foot.moved(random_pose(rng, foot.side))
    return foot, acquire(foot, taken, rng), what


def again(foot: Foot, protocol: str, rng: np.random.Generator) -> Scan:
    """Scan the same foot again, with another pose, tilt and noise."""
    moved = foot.moved(random_pose(rng, foot.side))
    tilt = float(rng.uniform(-_OBLIQUE_DEG, _OBLIQUE_DEG))
    return acquire(moved, replace(get_protocol(protocol), oblique_deg=tilt), rng)


def _varied(
    shape: FootShape, protocol: Protocol, rng: np.random.Generator
) -> tuple[FootShape, Protocol]:
    shape = replace(
        shape,
        side=(Side.RIGHT, Side.LEFT)[rng.integers(2)],
        fat_fractions=_all_muscles(float(rng.uniform(*_FAT))),
    )
    taken = replace(
        protocol,
        muscle_snr=float(np.exp(rng.uniform(*np.log(_SNR)))),
        oblique_deg=float(rng.uniform(-_OBLIQUE_DEG, _OBLIQUE_DEG)),
    )
    return shape, taken


def _stronger(
    waves: tuple[tuple[float, ...], ...], times: float
) -> tuple[tuple[float, ...], ...]:
    return tuple((*(times * swing for swing in wave[:3]), *wave[3:]) for wave in waves)


def _without_toes(foot: Foot) -> Foot:
    """Remove two of the middle toes: all tissue ahead that is nearest to their bones."""
    muscles, bones = foot.truth.muscles, foot.truth.bones
    toes, _ = ndimage.label(bones.voxels == PHALANGES)
    centroids = ndimage.center_of_mass(toes > 0, toes, range(1, toes.max() + 1))
    lost = np.argsort([centroid[0] for centroid in centroids])[2:4] + 1
    nearest = toes[
        tuple(
            ndimage.distance_transform_edt(
                toes == 0, return_distances=False, return_indices=True
            )
        )
    ]
    gone = np.isin(nearest, lost)
    for toe in lost:
        base = np.argwhere(toes == toe)[:, 1].min() + round(_STUMP_MM / foot.grid.spacing_mm[1])
        gone[:, :base] &= nearest[:, :base] != toe
    gone &= muscles.voxels == 0
    kept = LabelMap(np.where(gone, 0, bones.voxels).astype(np.uint8), bones.grid, bones.names)
    return replace(
        foot,
        tissues=np.where(gone, Tissue.AIR, foot.tissues),
        truth=replace(foot.truth, bones=kept),
    )
