"""Checks of volumes and shapes against published anatomy."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import Muscle
from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import Measurement
from pipeline.domain.region_split import RegionSplit
from pipeline.segmenters.components import component_sizes
from pipeline.stages.measure.belly import Belly, bellies

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
# A quarter allows for neuropathic feet (Andersen 2004, Diabetes Care 27:2382: half on
# average); 3 allows for living feet, which are 1.35 times as large (Chang 2012), and for three
# SDs of 40 %, the variation of Kura's feet.
_PLAUSIBLE_RATIOS = (0.25, 3.0)
_SINGLE_BELLIES = ("ABH", "ADM", "QP", "ADHO", "ADHT", "FDMB")
_LARGE_COMPONENT = 0.15  # of a muscle's voxels
# Order of the centroids from heel to toes in every foot
_ORDER = (("QP", "LUM"), ("QP", "ADHO"), ("QP", "INT"), ("ADHO", "ADHT"), ("EDB", "ADHT"))


def find_oddities(rows: Sequence[Measurement], split: RegionSplit) -> Iterator[Caution]:
    """Yield a caution for each muscle that is missing, disconnected, misplaced or odd in size.

    Notes
    -----
    Muscles cut by the image are not checked, as they have a caution already.
    """
    whole = {r.muscle: r for r in rows if r.region == "total" and not r.is_truncated}
    checked = [b for b in bellies(split.muscles) if b.muscle.abbreviation in whole]
    for belly in checked:
        yield from _odd_volume(belly.muscle, whole[belly.muscle.abbreviation].volume_mm3 or 0.0)
        yield from _disconnected(belly)
    yield from _out_of_order(
        [b for b in checked if whole[b.muscle.abbreviation].volume_mm3], split
    )


def _odd_volume(muscle: Muscle, volume_mm3: float) -> Iterator[Caution]:
    low, high = (_CADAVER_CM3[muscle.abbreviation] * ratio for ratio in _PLAUSIBLE_RATIOS)
    if volume_mm3 == 0:
        message = f"No {muscle.name} was found, although every foot has one; check its labels."
        yield Caution(f"missing-{muscle.abbreviation}", message, STAGE)
    elif not low <= volume_mm3 / 1e3 <= high:
        message = (
            f"The {muscle.name} has a volume of {volume_mm3 / 1e3:.2g} cm3, outside the "
            f"plausible range of {low:.2g} to {high:.2g} (Kura 1997, widened); check its "
            "outline."
        )
        yield Caution(f"implausible-{muscle.abbreviation}", message, STAGE)


def _disconnected(belly: Belly) -> Iterator[Caution]:
    muscle, mask = belly.muscle, belly.mask
    if muscle.abbreviation not in _SINGLE_BELLIES:
        return
    _, sizes = component_sizes(mask, connectivity=3)
    if len(sizes) > 2:  # of the background, and of two components or more
        second = np.sort(sizes)[-2] / np.count_nonzero(mask)
        if second >= _LARGE_COMPONENT:
            message = (
                f"The {muscle.name} has one belly, but its second connected component has "
                f"{second:.0%} of its voxels; check its outline."
            )
            yield Caution(f"in-pieces-{muscle.abbreviation}", message, STAGE)


def _out_of_order(present: Sequence[Belly], split: RegionSplit) -> Iterator[Caution]:
    frame, grid = split.landmarks.frame, split.muscles.grid
    centroids_mm = {
        b.muscle.abbreviation: float(
            frame.coordinates(grid.to_world(np.array(b.where).T).mean(axis=0))[0]
        )
        for b in present
    }
    names = {b.muscle.abbreviation: b.muscle.name for b in present}
    for proximal, distal in _ORDER:
        if not {proximal, distal} <= names.keys():
            continue
        if centroids_mm[proximal] >= centroids_mm[distal]:
            message = (
                f"The {names[proximal]} lies nearer the toes than the {names[distal]}, unlike "
                "in any foot; check both."
            )
            yield Caution(f"out-of-order-{proximal}-{distal}", message, STAGE)
