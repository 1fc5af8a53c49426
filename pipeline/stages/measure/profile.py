"""Cross-section and fat of every muscle along the foot."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.domain.fat_map import KNOWN, FatMap
from pipeline.domain.region_split import RegionSplit, fraction_below
from pipeline.stages.measure.belly import Belly, bellies
from pipeline.stages.measure.measure_muscles import MIN_INNER_VOXELS, inner_voxels

SECTION_MM = 2.0
"""Thickness of a section; edges are multiples of it, so profiles of feet can be averaged."""
_NO_AREA_MM2 = 1e-6  # below rounding of the table; would depend on the storage order

PROFILE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "index": "label of the muscle in the label map",
        "name": "name of the muscle",
        "muscle": "abbreviation of the muscle",
        "position_mm": "middle of the section on the long axis, from the heel end, in mm",
        "acsa_mm2": "cross-section perpendicular to the long axis, in mm2: volume in the "
        f"section over its thickness of {SECTION_MM:g} mm",
        "fat_fraction": "fat fraction in the section, 0 to 1; n/a where fewer than "
        f"{MIN_INNER_VOXELS:g} inner voxels of the muscle lie in it",
    }
)

Array = NDArray[np.float64]


def profile(split: RegionSplit, fat: FatMap | None) -> pd.DataFrame:
    """Measure the cross-section and the fat fraction of every muscle along the long axis.

    Parameters
    ----------
    fat
        On the grid of the labels; None where it is not known.

    Returns
    -------
    pandas.DataFrame
        One row per muscle and section from its first to its last, the columns of
        `PROFILE_COLUMNS`. A muscle that is absent has no row.

    Notes
    -----
    The volume of a voxel is divided exactly among the sections that it reaches, so the areas
    of a muscle times the thickness of a section add up to its volume, whatever the slices.
    """
    frames = [_of_muscle(belly, split, fat) for belly in bellies(split.muscles)]
    return pd.concat([f for f in frames if f is not None] or [_table({})], ignore_index=True)


def _of_muscle(belly: Belly, split: RegionSplit, fat: FatMap | None) -> pd.DataFrame | None:
    muscle, where = belly.muscle, belly.where
    if not where[0].size:
        return None
    grid, frame = split.muscles.grid, split.landmarks.frame
    along_mm = frame.coordinates(grid.to_world(np.array(where).T))[:, 0]
    shares = _Shares.of(along_mm, np.abs(np.array(frame.long) @ grid.matrix[:3, :3]))
    area_mm2 = shares.sums(np.full(along_mm.size, grid.voxel_volume_mm3)) / SECTION_MM
    columns = {
        "index": muscle.index,
        "name": muscle.name,
        "muscle": muscle.abbreviation,
        "position_mm": (shares.first + np.arange(area_mm2.size) + 0.5) * SECTION_MM,
        "acsa_mm2": area_mm2,
        "fat_fraction": np.nan if fat is None else _fat_fraction(fat, belly, shares),
    }
    present = np.flatnonzero(area_mm2 > _NO_AREA_MM2)
    return _table(columns).iloc[present[0] : present[-1] + 1]


def _fat_fraction(fat: FatMap, belly: Belly, shares: "_Shares") -> Array:
    """Give the mean fat fraction of each section; NaN where too few voxels count."""
    is_known = fat.method == KNOWN  # and then not blurred at boundaries
    mask = belly.mask
    inner = (mask if is_known else inner_voxels(mask, fat.grid))[mask].astype(float)
    voxels = shares.sums(inner)
    sums = shares.sums(inner * fat.fraction[belly.where].astype(float))
    is_enough = voxels >= (_NO_AREA_MM2 if is_known else MIN_INNER_VOXELS)
    means = np.divide(sums, voxels, out=np.full(voxels.size, np.nan), where=is_enough)
    clipped: Array = np.clip(means, 0, 1)
    return clipped


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """How the voxels of a muscle are divided among sections.

    Parameters
    ----------
    first
        Number of the first section, from the heel.
    section, voxel, share
        The fraction of each voxel in each section that it reaches.
    """

    first: int
    section: NDArray[np.int64]
    voxel: NDArray[np.int64]
    share: Array

    @classmethod
    def of(cls, along_mm: Array, extents_mm: Array) -> "_Shares":
        """Divide voxels at these positions, of these extents along the long axis."""
        extent_mm = float(extents_mm.sum())
        start = np.floor((along_mm - extent_mm / 2) / SECTION_MM).astype(np.int64)
        steps = np.arange(int(extent_mm // SECTION_MM) + 2)
        section = start + steps[:, np.newaxis]
        upto = fraction_below((section + 1) * SECTION_MM - along_mm, extents_mm)
        voxel = np.broadcast_to(np.arange(along_mm.size), section.shape)
        share = np.diff(upto, axis=0, prepend=0)
        return cls(int(section.min()), section.ravel(), voxel.ravel(), share.ravel())

    def sums(self, values: Array) -> Array:
        """Sum values of voxels in each section."""
        sections = self.section - self.first
        return np.bincount(sections, self.share * values[self.voxel]).astype(np.float64)


def _table(columns: Mapping[str, object]) -> pd.DataFrame:
    return pd.DataFrame(columns, columns=list(PROFILE_COLUMNS))
