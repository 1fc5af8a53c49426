"""Measurements of one foot, one row per muscle and region."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.anatomy import TOTAL
from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measurements of one muscle in one region.

    Parameters
    ----------
    region
        ``rearfoot``, ``forefoot`` or ``total``.
    volume_mm3
        None if it could not be measured; 0 if the muscle is absent.
    contractile_mm3
        Sum of (1 - fat fraction) over the muscle's volume; None without a fat fraction.
    fat_fraction
        Mean over the muscle in this region, 0 to 1.
    acsa_max_mm2
        Largest anatomical cross-sectional area perpendicular to the long axis.
    acsa_max_position_mm
        Position of that cross-section along the long axis, from the heel.
    length_mm
        Extent along the long axis.
    is_truncated
        Whether the muscle reaches the edge of the image; its volume is then a lower bound.
    fat_fraction_low, fat_fraction_high
        Limits of the fat fraction under the uncertainty of its calibration.
    volume_ci95_low_mm3, volume_ci95_high_mm3
        95 % prediction interval of the volume; None if the segmenter is not calibrated for
        such a scan.
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
    """All measurements of one foot.

    Parameters
    ----------
    rows
        Rearfoot, forefoot and total of each muscle, ordered by label.
    muscles
        Abbreviations of the chosen muscles, which the sums below are over.
    border_sensitivity_cm3_per_mm
        Change of the rearfoot volume when the border is moved 1 mm toward the toes.
    ci95_cm3
        95 % prediction interval of the summed volume, by region; empty if not calibrated.
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
        """Volume of the chosen muscles in a region; None if one is unknown."""
        return self._sum_cm3(region, "volume_mm3")

    def contractile_cm3(self, region: str) -> float | None:
        """Fat-free volume of the chosen muscles in a region; None if one is unknown."""
        return self._sum_cm3(region, "contractile_mm3")

    def fat_fraction(self, limit: str = "") -> float | None:
        """Fat fraction of the chosen muscles, weighted by volume; None if one is unknown.

        Parameters
        ----------
        limit
            ``_low`` or ``_high`` for a limit of the calibration.
        """
        rows = [r for r in self.rows if r.region == TOTAL and r.muscle in self.muscles]
        volumes = [r.volume_mm3 for r in rows]
        fractions = [getattr(r, f"fat_fraction{limit}") for r in rows]
        if None in volumes or None in fractions or not sum(v or 0.0 for v in volumes):
            return None
        fat_mm3 = sum((v or 0.0) * f for v, f in zip(volumes, fractions, strict=True))
        return float(fat_mm3 / sum(v or 0.0 for v in volumes))

    def _sum_cm3(self, region: str, column: str) -> float | None:
        values = [
            getattr(row, column)
            for row in self.rows
            if row.region == region and row.muscle in self.muscles
        ]
        is_known = len(values) == len(self.muscles) and None not in values
        return sum(values) / 1000.0 if is_known else None
