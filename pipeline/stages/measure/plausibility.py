"""Volumes and shapes that no foot is known to have."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import MUSCLES, Muscle
from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import Measurement
from pipeline.domain.region_split import RegionSplit
from pipeline.segmenters.components import component_sizes

STAGE = "measure"
# Kura et al. 1997 (Anat Rec 249:143), 11 cadaver feet: PCSA times fibre length, in cm3.
_CADAVER_CM3: Mapping[str, float] = MappingProxyType(
    {
        "ABH": 15.4,
        "FDB": 11.2,
        "ADM": 9.1,
        "QP": 7.7,
        "LUM": 2.2,
        "FHB": 6.7,
        "ADHO": 9.2,
        "ADHT": 1.2,
        "FDMB": 3.5,
        "INT": 18.6,
        "EDB": 4.6,
        "EHB": 3.7,
    }
)
# Down to a quarter, as in neuropathic feet (Andersen 2004, Diabetes Care 27:2382: half on
# average); up to 1.35 times, which living feet are larger by (Chang 2012), and three SDs of
# the 40 % that Kura's feet differ by.
_PLAUSIBLE = (0.25, 3.0)
_SINGLE_BELLIES = ("ABH", "ADM", "QP", "ADHO", "ADHT", "FDMB")
_LARGE_PIECE = 0.15  # of a muscle's voxels
# Their centres follow one another from the heel on in every foot.
_ORDER = (("QP", "LUM"), ("QP", "ADHO"), ("QP", "INT"), ("ADHO", "ADHT"), ("EDB", "ADHT"))


def find_oddities(rows: Sequence[Measurement], split: RegionSplit) -> Iterator[Caution]:
    """Yield a caution for each muscle that is missing, in pieces, out of order or odd in size.

    Notes
    -----
    Muscles that the image cuts are left out: they are doubtful already.
    """
    whole = {r.muscle: r for r in rows if r.region == "total" and not r.is_truncated}
    seen = [m for m in MUSCLES if m.abbreviation in whole]
    for muscle in seen:
        yield from _odd_volume(muscle, whole[muscle.abbreviation].volume_mm3 or 0.0)
        yield from _pieces(muscle, split)
    yield from _out_of_order([m for m in seen if whole[m.abbreviation].volume_mm3], split)


def _odd_volume(muscle: Muscle, volume_mm3: float) -> Iterator[Caution]:
    low, high = (_CADAVER_CM3[muscle.abbreviation] * part for part in _PLAUSIBLE)
    if volume_mm3 == 0:
        message = f"No {muscle.name} was found; living feet have one, so look for it."
        yield Caution(f"missing-{muscle.abbreviation}", message, STAGE)
    elif not low <= volume_mm3 / 1e3 <= high:
        message = (
            f"The {muscle.name} has {volume_mm3 / 1e3:.2g} cm3, where {low:.2g} to {high:.2g} "
            "would be plausible (Kura 1997, widened), so look at its outline."
        )
        yield Caution(f"implausible-{muscle.abbreviation}", message, STAGE)


def _pieces(muscle: Muscle, split: RegionSplit) -> Iterator[Caution]:
    if muscle.abbreviation not in _SINGLE_BELLIES:
        return
    mask = split.muscles.voxels == muscle.index
    _, sizes = component_sizes(mask, connectivity=3)
    if len(sizes) > 2:  # of the background, and of two components or more
        second = np.sort(sizes)[-2] / np.count_nonzero(mask)
        if second >= _LARGE_PIECE:
            message = (
                f"The {muscle.name} is one belly, but its second piece holds {second:.0%} of "
                "it, so look at its outline."
            )
            yield Caution(f"in-pieces-{muscle.abbreviation}", message, STAGE)


def _out_of_order(present: Sequence[Muscle], split: RegionSplit) -> Iterator[Caution]:
    grid, frame = split.muscles.grid, split.landmarks.frame
    centres_mm = {
        m.abbreviation: float(
            frame.coordinates(
                grid.to_world(np.argwhere(split.muscles.voxels == m.index).mean(axis=0))
            )[0]
        )
        for m in present
    }
    names = {m.abbreviation: m.name for m in present}
    for behind, ahead in _ORDER:
        if {behind, ahead} <= names.keys() and centres_mm[behind] >= centres_mm[ahead]:
            message = (
                f"The {names[behind]} lies nearer the toes than the {names[ahead]}, which no "
                "foot has, so look at both."
            )
            yield Caution(f"out-of-order-{behind}-{ahead}", message, STAGE)
