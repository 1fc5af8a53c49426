"""What was measured, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True)
class Measurement:
    """One muscle in one region.

    Parameters
    ----------
    region
        ``rearfoot``, ``forefoot`` or ``total``.
    volume_mm3
        None where it could not be measured; 0 means measured and absent.
    contractile_mm3
        Sum over muscle voxels of (1 - fat fraction); None without a fat fraction.
    fat_fraction
        0 to 1, of the muscle's volume in this region.
    acsa_max_mm2
        Largest cross-section perpendicular to the long axis.
    acsa_max_position_mm
        Where that is, along the long axis from the heel end.
    length_mm
        Extent along the long axis.
    is_truncated
        Whether the image cuts the muscle, so that the volume is a lower bound.
    fat_fraction_low, fat_fraction_high
        Limits that the calibration of the fat fraction allows.
    volume_ci95_low_mm3, volume_ci95_high_mm3
        95 % interval of the volume; None where the segmenter is not calibrated for it.
    """

    muscle: str
    region: str
    volume_mm3: float | None
    contractile_mm3: float | None
    fat_fraction: float | None
    acsa_max_mm2: float | None
    acsa_max_position_mm: float | None
    length_mm: float | None
    is_truncated: bool = False
    fat_fraction_low: float | None = None
    fat_fraction_high: float | None = None
    volume_ci95_low_mm3: float | None = None
    volume_ci95_high_mm3: float | None = None


@dataclass(frozen=True, slots=True)
class MeasurementTable:
    """Everything measured on one foot.

    Parameters
    ----------
    rows
        Per muscle: rearfoot, forefoot, total; ordered by label.
    muscles
        Abbreviations summed in the totals.
    border_sensitivity_cm3_per_mm
        Change of the rearfoot volume when the border moves 1 mm toward the toes.
    ci95_cm3
        95 % interval of the summed volume by region, where calibrated.
    """

    rows: tuple[Measurement, ...]
    muscles: tuple[str, ...]
    side: Side
    segmenter: str
    border: Border
    border_sensitivity_cm3_per_mm: float
    foot_length_mm: float | None
    cautions: tuple[Caution, ...] = ()
    ci95_cm3: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def volume_cm3(self, region: str) -> float | None:
        """Sum of the chosen muscles in a region; None if one is unknown."""
        return self._sum_cm3(region, "volume_mm3")

    def contractile_cm3(self, region: str) -> float | None:
        """Sum of the fat-free volume of the chosen muscles; None if one is unknown."""
        return self._sum_cm3(region, "contractile_mm3")

    def fat_fraction(self, limit: str = "") -> float | None:
        """Fat fraction of the chosen muscles by volume; `limit` is ``_low`` or ``_high``."""
        rows = [r for r in self.rows if r.region == "total" and r.muscle in self.muscles]
        volumes = [r.volume_mm3 for r in rows]
        parts = [getattr(r, f"fat_fraction{limit}") for r in rows]
        if None in volumes or None in parts or not sum(v or 0.0 for v in volumes):
            return None
        fat_mm3 = sum((v or 0.0) * part for v, part in zip(volumes, parts, strict=True))
        return float(fat_mm3 / sum(v or 0.0 for v in volumes))

    def _sum_cm3(self, region: str, column: str) -> float | None:
        values = [
            getattr(row, column)
            for row in self.rows
            if row.region == region and row.muscle in self.muscles
        ]
        is_known = len(values) == len(self.muscles) and None not in values
        return sum(values) / 1000.0 if is_known else None
