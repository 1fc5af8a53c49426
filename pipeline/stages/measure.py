"""Volumes, fat, cross-sections and lengths of every muscle."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, field_validator
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES, PLANTAR_MUSCLES, Muscle
from pipeline.domain.cautions import Caution
from pipeline.domain.regions import RegionSplit
from pipeline.domain.scan import Contrast, Scan
from pipeline.domain.table import Measurement, MeasurementTable
from pipeline.stages.border import sweep_border
from pipeline.stages.landmarks import touches_edge

STAGE = "measure"
_WINDOW_MM = 2.0
_CALIBRATED = (Contrast.T1W, Contrast.PDW)  # contrasts where fat is bright and set to 1


class MeasureParams(BaseModel, frozen=True, extra="forbid"):
    """What is summed."""

    muscles: tuple[str, ...] = Field(PLANTAR_MUSCLES, min_length=1)
    """Abbreviations of the muscles in the totals; printed with every number."""

    @field_validator("muscles")
    @classmethod
    def _known(cls, muscles: tuple[str, ...]) -> tuple[str, ...]:
        known = [m.abbreviation for m in MUSCLES]
        unknown = [m for m in muscles if m not in known]
        if unknown or len(set(muscles)) < len(muscles):
            msg = f"each of {', '.join(known)} at most once, got {', '.join(muscles)}"
            raise ValueError(msg)
        return muscles


def measure(split: RegionSplit, scan: Scan, params: MeasureParams) -> MeasurementTable:
    """Measure every muscle in rearfoot, forefoot and total.

    Parameters
    ----------
    scan
        The preprocessed scan, on the grid of the labels; fat is 1 where the contrast
        allows a fat fraction.

    Notes
    -----
    Volume is the voxel count times |det(affine)|, voxels cut by the border shared out.
    A cross-section is the volume per length in a window of whole voxels, about 2 mm deep,
    along the long axis. The fat fraction of one image is a two-point calibration,
    ``(mean - muscle) / (fat - muscle)``, with the scan's own most frequent muscle signal
    as lean: fat that is spread evenly through all muscles does not show.
    """
    if not scan.grid.matches(split.muscles.grid):
        msg = f"Scan {scan.grid} and labels {split.muscles.grid} differ"
        raise ValueError(msg)
    lean = _lean_signal(scan, split)
    rows: list[Measurement] = []
    cautions = list(split.cautions)
    for muscle in MUSCLES:
        is_cut = touches_edge(split.muscles, muscle.index)
        if is_cut:
            message = f"The image cuts the {muscle.name}, so its volume is a lower bound."
            cautions.append(Caution(f"truncated-{muscle.abbreviation}", message, STAGE))
        rows.extend(_measure_muscle(muscle, split, scan, lean, is_truncated=is_cut))
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


def _lean_signal(scan: Scan, split: RegionSplit) -> float | None:
    """Most frequent signal of muscle; None where the contrast gives no fat fraction."""
    signal = scan.intensity[split.muscles.voxels > 0]
    if scan.contrast not in _CALIBRATED or signal.size == 0:
        return None
    counts, edges = np.histogram(signal, bins=200, range=(0.0, 1.0))
    peak = int(ndimage.gaussian_filter1d(counts.astype(float), 4.0).argmax())
    return float(edges[peak : peak + 2].mean())


def _measure_muscle(
    muscle: Muscle, split: RegionSplit, scan: Scan, lean: float | None, *, is_truncated: bool
) -> Iterator[Measurement]:
    where = np.nonzero(split.muscles.voxels == muscle.index)
    rearfoot = split.rearfoot_share[where].astype(float)
    signal = scan.intensity[where].astype(float)
    along = split.landmarks.frame.coordinates(split.muscles.grid.to_world(np.array(where).T))[
        :, 0
    ]
    shares = {"rearfoot": rearfoot, "forefoot": 1 - rearfoot, "total": np.ones(len(along))}
    for region, share in shares.items():
        volume_mm3 = float(share.sum()) * split.muscles.grid.voxel_volume_mm3
        fat = _fat_fraction(signal, share, lean)
        acsa_mm2, position_mm, length_mm = _profile(along, share, split)
        yield Measurement(
            muscle=muscle.abbreviation,
            region=region,
            volume_mm3=volume_mm3,
            contractile_mm3=None if fat is None else volume_mm3 * (1 - fat),
            fat_fraction=fat,
            acsa_max_mm2=acsa_mm2,
            acsa_max_position_mm=position_mm,
            length_mm=length_mm,
            is_truncated=is_truncated,
        )


def _fat_fraction(
    signal: NDArray[np.float64], share: NDArray[np.float64], lean: float | None
) -> float | None:
    if lean is None or share.sum() == 0:
        return 0.0 if lean is not None else None
    return float(np.clip((np.average(signal, weights=share) - lean) / (1 - lean), 0, 1))


def _profile(
    along: NDArray[np.float64], share: NDArray[np.float64], split: RegionSplit
) -> tuple[float, float | None, float]:
    """Largest cross-section (mm2), where it is (mm) and the length (mm)."""
    if share.sum() == 0:
        return 0.0, None, 0.0
    grid = split.muscles.grid
    steps = np.abs(np.array(split.landmarks.frame.long) @ grid.matrix[:3, :3])
    depth_mm = float(steps.sum())
    window_mm = depth_mm * max(1, round(_WINDOW_MM / depth_mm))  # else planes alias
    present = along[share > 0]
    bins = max(1, int(np.ceil((np.ptp(present) + depth_mm) / window_mm)))
    start = float(present.min()) - depth_mm / 2
    volumes, edges = np.histogram(
        along, bins, (start, start + bins * window_mm), weights=share * grid.voxel_volume_mm3
    )
    peak = int(volumes.argmax())
    return (
        float(volumes[peak] / window_mm),
        float(edges[peak : peak + 2].mean()),
        float(np.ptp(present)) + depth_mm,
    )


def _border_sensitivity(split: RegionSplit, muscles: tuple[str, ...]) -> float:
    """Rearfoot volume gained per mm that the border moves toward the toes (cm3/mm)."""
    behind, ahead = sweep_border(split, muscles, (-1.0, 1.0))["rearfoot_cm3"].tolist()
    return float(ahead - behind) / 2
