"""How sure each volume is: 95 % intervals from a segmenter's errors on feet that are known."""

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
_SUM = "plantar"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the feet of calibration.tsv were, and were scanned as; beyond it nothing is known.

    Parameters
    ----------
    most_spacing_mm
        Sorted.
    """

    contrasts: tuple[Contrast, ...]
    most_spacing_mm: tuple[float, float, float]
    most_fat: float


_MUSCLE_CONTRASTS = (Contrast.T1W, Contrast.PDW, Contrast.WATER)
_KNOWN: Mapping[str, _Known] = MappingProxyType(
    {"network": _Known(_MUSCLE_CONTRASTS, (1.05, 1.05, 4.5), 0.45)}
)
_Ratios = Mapping[tuple[str, str], tuple[float, float]]


def with_intervals(table: MeasurementTable, scan: Scan) -> MeasurementTable:
    """Give each volume its 95 % interval, or the one reason why there is none.

    Parameters
    ----------
    scan
        What was segmented: intervals hold for the kind of scan that they were measured on.

    Notes
    -----
    ``calibration.tsv`` holds the limits within which the ratio of true to measured volume
    of a further foot lies in 95 %: the prediction interval of the logarithms' normal
    distribution over digital feet (`validation.calibrate`), stretched to hold 1. A muscle cut
    by the image has none, nor has a sum that includes one.
    """
    reason = _reason(table, scan)
    if reason:
        message = f"Volumes have no 95 % interval, as {reason}."
        caution = Caution("interval-unknown", message, STAGE)
        return replace(table, cautions=(*table.cautions, caution))
    ratios = _calibrations()[table.segmenter]
    rows = tuple(_with_interval(row, ratios) for row in table.rows)
    return replace(table, rows=rows, ci95_cm3=_sums(table, ratios))


def _reason(table: MeasurementTable, scan: Scan) -> str | None:
    known = _KNOWN.get(table.segmenter)
    if known is None or table.segmenter not in _calibrations():
        return f"the errors of {table.segmenter!r} were not measured on feet that are known"
    spacing_mm = sorted(scan.grid.spacing_mm)
    limits = zip(spacing_mm, known.most_spacing_mm, strict=True)
    if scan.contrast not in known.contrasts or any(s > most for s, most in limits):
        kinds = ", ".join(known.contrasts)
        most = " x ".join(f"{s:g}" for s in known.most_spacing_mm)
        return f"they are known for {kinds} images of {most} mm or finer only"
    fat = table.fat_fraction()
    if fat is None or fat > known.most_fat:
        got = "unknown" if fat is None else f"{fat:.2f}"
        return (
            f"they are known up to a fat fraction of {known.most_fat:g} only, and it is {got}"
        )
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
def _calibrations() -> Mapping[str, _Ratios]:
    text = (resources.files("pipeline.stages.measure") / "calibration.tsv").read_text("utf-8")
    found: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        limits = (float(row["ratio_low"]), float(row["ratio_high"]))
        found.setdefault(row["segmenter"], {})[row["muscle"], row["region"]] = limits
    return found
