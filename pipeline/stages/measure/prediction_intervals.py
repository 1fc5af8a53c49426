"""95 % prediction intervals of volumes, from the errors of a segmenter on digital feet."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType

from pipeline.domain.anatomy import PLANTAR_MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Contrast, Scan

STAGE = "measure"
DOUBT = "brightness-differs"
"""Caution beside which errors are larger, so that it has intervals of its own."""

_SUM = "plantar"


@dataclass(frozen=True, slots=True)
class _Domain:
    """The scans for which a segmenter is calibrated.

    Parameters
    ----------
    max_spacing_mm
        Sorted.
    """

    contrasts: tuple[Contrast, ...]
    max_spacing_mm: tuple[float, float, float]
    max_fat_fraction: float


_MUSCLE_CONTRASTS = (Contrast.T1W, Contrast.PDW, Contrast.WATER)
_DOMAINS: Mapping[str, _Domain] = MappingProxyType(
    {"network": _Domain(_MUSCLE_CONTRASTS, (1.05, 1.05, 4.5), 0.45)}
)
_Ratios = Mapping[tuple[str, str], tuple[float, float]]


def with_intervals(table: MeasurementTable, scan: Scan) -> MeasurementTable:
    """Add the 95 % prediction interval of each volume, or a caution that says why not.

    Parameters
    ----------
    scan
        The segmented scan; intervals are valid for scans like those of the calibration.

    Notes
    -----
    ``calibration.tsv`` contains the limits of the 95 % prediction interval of the ratio of
    true to measured volume for a foot of a new kind, with and without the caution `DOUBT`:
    that of a normal distribution of the logarithms over digital feet, each measured by
    networks that were not trained on its kind, widened to include 1 and to cover kinds that
    are left out. Muscles cut by the image, and sums that include one, have no interval.
    """
    reason = _reason(table, scan)
    if reason:
        message = f"Volumes have no 95 % prediction interval, as {reason}."
        caution = Caution("interval-unknown", message, STAGE)
        return replace(table, cautions=(*table.cautions, caution))
    is_doubted = any(caution.code == DOUBT for caution in table.cautions)
    ratios = _calibrations()[table.segmenter, is_doubted]
    rows = tuple(_with_interval(row, ratios) for row in table.rows)
    return replace(table, rows=rows, ci95_cm3=_sums(table, ratios))


def _reason(table: MeasurementTable, scan: Scan) -> str | None:
    domain = _DOMAINS.get(table.segmenter)
    if domain is None:
        return f"the segmenter {table.segmenter!r} is not calibrated on digital feet"
    spacing_mm = sorted(scan.grid.spacing_mm)
    limits = zip(spacing_mm, domain.max_spacing_mm, strict=True)
    if scan.contrast not in domain.contrasts or any(s > largest for s, largest in limits):
        contrasts = ", ".join(domain.contrasts)
        largest = " x ".join(f"{s:g}" for s in domain.max_spacing_mm)
        return f"they are calibrated for {contrasts} images of {largest} mm or finer only"
    fat = table.fat_fraction()
    if fat is None or fat > domain.max_fat_fraction:
        got = "unknown" if fat is None else f"{fat:.2f}"
        limit = domain.max_fat_fraction
        return f"they are calibrated up to a fat fraction of {limit:g} only, and it is {got}"
    return None


def _with_interval(row: Measurement, ratios: _Ratios) -> Measurement:
    ratio = ratios.get((row.muscle, row.region))
    if ratio is None or not row.volume_mm3 or row.is_truncated:
        return row
    low, high = (row.volume_mm3 * r for r in ratio)
    return replace(row, volume_ci95_low_mm3=low, volume_ci95_high_mm3=high)


def _sums(table: MeasurementTable, ratios: _Ratios) -> dict[str, tuple[float, float]]:
    is_cut = any(row.is_truncated and row.muscle in table.muscles for row in table.rows)
    if is_cut or set(table.muscles) != set(PLANTAR_MUSCLES):
        return {}
    sums = {region: table.volume_cm3(region) for (name, region) in ratios if name == _SUM}
    return {
        region: (cm3 * ratios[_SUM, region][0], cm3 * ratios[_SUM, region][1])
        for region, cm3 in sums.items()
        if cm3
    }


@cache
def _calibrations() -> Mapping[tuple[str, bool], _Ratios]:
    text = (resources.files("pipeline.stages.measure") / "calibration.tsv").read_text("utf-8")
    ratios: dict[tuple[str, bool], dict[tuple[str, str], tuple[float, float]]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        limits = (float(row["ratio_low"]), float(row["ratio_high"]))
        of_kind = ratios.setdefault((row["segmenter"], row["caution"] == DOUBT), {})
        of_kind[row["muscle"], row["region"]] = limits
    return ratios
