"""Feet to test a segmenter on: as in studies, varied, and wasted.

Each is made from a seed and a number, so that segmenters can be compared on the same feet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import Protocol, get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.positioning import random_pose
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import draw_cohort

STANDARD, VARIED, WASTED = "standard", "varied", "wasted"
_SNR = (10.0, 70.0)
_FAT = (0.05, 0.40)
_OBLIQUE_DEG = 25.0
_LOST = (0.2, 0.6)  # fraction of every muscle of a wasted foot


def _all_muscles(amount: float) -> Mapping[int, float]:
    return MappingProxyType(dict.fromkeys(MUSCLE_NAMES, amount))


def trial(
    k: int,
    *,
    seed: int,
    protocol: str,
    conditions: str,
    spacing_mm: float = 0.5,
    kind: FootKind = FootKind.TAPERED,
) -> tuple[Foot, Scan]:
    """Make foot `k` of a seed and take one image of it.

    Parameters
    ----------
    conditions
        ``standard``: as `footvol phantom` makes studies. ``varied``: either side, 5 to 40 %
        of fat, SNR 10 to 70, slices turned by up to 25 degrees. ``wasted``: the same, and
        every muscle has lost 20 to 60 % of its volume.
    spacing_mm
        Of the foot's voxels; larger is quicker.
    kind
        Of the foot; all but tapered ones also have individual skeletons.
    """
    member = draw_cohort(k // 2 + 1, seed)[k]
    rng = np.random.default_rng(member.seed)
    shape, taken = member.shape, get_protocol(protocol)
    if kind is not FootKind.TAPERED:
        shape = draw_kind_shape(np.random.default_rng((seed, k)), kind, member.shape.side)
    if conditions != STANDARD:
        shape, taken = _varied(shape, taken, rng)
    if conditions == WASTED:
        shape = replace(shape, atrophy=_all_muscles(float(rng.uniform(*_LOST))))
    foot = make_foot(shape, spacing_mm).moved(random_pose(rng, shape.side))
    return foot, acquire(foot, taken, rng)


def turn(k: int, protocols: Sequence[str]) -> tuple[FootKind, str, str]:
    """Give kind, protocol and conditions of scan `k`, so that all occur together in turn.

    Every third foot of a kind is wasted, the others varied.
    """
    kinds = [*FootKind]
    of_kind = k // len(kinds)
    conditions = WASTED if of_kind % 3 == 2 else VARIED
    # shifted each round, or each protocol would always meet the same conditions
    protocol = protocols[(of_kind + of_kind // len(protocols)) % len(protocols)]
    return kinds[k % len(kinds)], protocol, conditions


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
