"""Volumes, fat, cross-sections and lengths of every muscle."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.cautions import Caution
from pipeline.domain.fat_map import KNOWN, FatMap
from pipeline.domain.grid import Grid
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.settings.measure import MeasureParams
from pipeline.stages.measure.belly import Belly, bellies
from pipeline.stages.measure.border_sweep import sweep_border
from pipeline.stages.measure.fat import find_fat
from pipeline.stages.measure.plausibility import find_oddities

STAGE = "measure"
_SECTION_MM = 2.0
MIN_INNER_VOXELS = 10.0
"""Of a muscle in a region or section, for a fat fraction from these alone."""


def measure(
    split: RegionSplit, scan: Scan, params: MeasureParams, fat: FatMap | None = None
) -> MeasurementTable:
    """Measure every muscle in rearfoot, forefoot and total.

    Parameters
    ----------
    scan
        The preprocessed scan, on the grid of the labels.
    fat
        The fat fraction from a Dixon pair, or of a digital foot; None to estimate it from
        the scan.

    Notes
    -----
    Volume is the voxel count times |det(affine)|; voxels cut by the border are divided by
    volume. A cross-section is the volume per length in a slab of whole voxels, about 2 mm
    thick, along the long axis. The fat fraction of a muscle is the mean over its inner
    voxels, whose neighbours in the plane of the slices belong to the muscle: fat in boundary
    voxels is mostly beside the muscle. The contractile volume applies this fraction to all
    voxels. `find_fat` describes how the fat fraction is estimated.
    """
    if not scan.grid.matches(split.muscles.grid):
        msg = f"Scan {scan.grid} and labels {split.muscles.grid} differ"
        raise ValueError(msg)
    fat = fat or find_fat(split.muscles, scan)
    rows: list[Measurement] = []
    cautions = [*split.cautions, *(fat.cautions if fat else ())]
    for belly in bellies(split.muscles):
        muscle = belly.muscle
        is_cut = split.muscles.touches_edge(muscle.index)
        if is_cut:
            message = f"The image cuts the {muscle.name}, so its volume is a lower bound."
            cautions.append(Caution(f"truncated-{muscle.abbreviation}", message, STAGE))
        rows.extend(_measure_muscle(belly, split, fat, is_truncated=is_cut))
    cautions.extend(find_oddities(rows, split))
    return MeasurementTable(
        rows=tuple(rows),
        muscles=params.muscles,
        side=split.side,
        segmenter=split.segmentation.segmenter,
        border=split.landmarks.border,
        border_sensitivity_cm3_per_mm=_border_sensitivity(split, params.muscles),
        foot_length_mm=split.landmarks.foot_length_mm,
        cautions=tuple(cautions),
    )


def _measure_muscle(
    belly: Belly, split: RegionSplit, fat: FatMap | None, *, is_truncated: bool
) -> Iterator[Measurement]:
    where = belly.where
    rearfoot = split.rearfoot_fraction[where].astype(float)
    inner = inner_voxels(belly.mask, split.muscles.grid)[belly.mask]
    along = split.landmarks.frame.coordinates(split.muscles.grid.to_world(np.array(where).T))[
        :, 0
    ]
    weights = {"rearfoot": rearfoot, "forefoot": 1 - rearfoot, "total": np.ones(len(along))}
    for region, weight in weights.items():
        volume_mm3 = float(weight.sum()) * split.muscles.grid.voxel_volume_mm3
        fraction, low, high = _fat_fractions(fat, where, weight, inner)
        acsa_mm2, position_mm, length_mm = _profile(along, weight, split)
        yield Measurement(
            muscle=belly.muscle.abbreviation,
            region=region,
            volume_mm3=volume_mm3,
            contractile_mm3=None if fraction is None else volume_mm3 * (1 - fraction),
            fat_fraction=fraction,
            acsa_max_mm2=acsa_mm2,
            acsa_max_position_mm=position_mm,
            length_mm=length_mm,
            is_truncated=is_truncated,
            fat_fraction_low=low,
            fat_fraction_high=high,
        )


def inner_voxels(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Keep the voxels whose neighbours along the axes of finer spacing are in the mask."""
    cross = np.zeros((3, 3, 3), dtype=bool)
    for axis, is_fine in enumerate(grid.fine_axes):
        if is_fine:
            arm: list[slice | int] = [1, 1, 1]
            arm[axis] = slice(None)
            cross[tuple(arm)] = True
    inner: NDArray[np.bool_] = ndimage.binary_erosion(mask, cross)
    return inner


def _fat_fractions(
    fat: FatMap | None,
    where: tuple[NDArray[np.intp], ...],
    weight: NDArray[np.float64],
    is_inner: NDArray[np.bool_],
) -> tuple[float | None, float | None, float | None]:
    """Give the mean fat fraction of a muscle in a region, and its limits."""
    if fat is None:
        return None, None, None
    if weight.sum() == 0:
        return 0.0, 0.0, 0.0
    inner = weight * is_inner
    # a known fraction is not blurred at boundaries; thin muscles have no inner voxels
    uses_all = fat.method == KNOWN or inner.sum() < MIN_INNER_VOXELS
    weights = weight if uses_all else inner
    fraction, low, high = (
        float(np.clip(np.average(values[where], weights=weights), 0, 1))
        for values in (fat.fraction, fat.low, fat.high)
    )
    return fraction, low, high


def _profile(
    along: NDArray[np.float64], weight: NDArray[np.float64], split: RegionSplit
) -> tuple[float, float | None, float]:
    """Give the largest cross-section (mm2), its position (mm) and the length (mm)."""
    if weight.sum() == 0:
        return 0.0, None, 0.0
    grid = split.muscles.grid
    steps = np.abs(np.array(split.landmarks.frame.long) @ grid.matrix[:3, :3])
    depth_mm = float(steps.sum())
    # whole voxels, as otherwise some sections would have more planes of voxels than others
    section_mm = depth_mm * max(1, round(_SECTION_MM / depth_mm))
    present = along[weight > 0]
    length_mm = float(np.ptp(present)) + depth_mm
    bins = max(1, int(np.ceil(length_mm / section_mm)))
    start = float(present.min()) - depth_mm / 2
    volumes, edges = np.histogram(
        along, bins, (start, start + bins * section_mm), weights=weight * grid.voxel_volume_mm3
    )
    peak = int(volumes.argmax())
    return float(volumes[peak] / section_mm), float(edges[peak : peak + 2].mean()), length_mm


def _border_sensitivity(split: RegionSplit, muscles: tuple[str, ...]) -> float:
    """Give the gain of rearfoot volume per mm that the border moves to the toes (cm3/mm)."""
    proximal, distal = sweep_border(split, muscles, (-1.0, 1.0))["rearfoot_cm3"].tolist()
    return float(distal - proximal) / 2
