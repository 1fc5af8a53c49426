"""The values that a structured report has, and why others are left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain.anatomy import REGIONS, TOTAL
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.store.dicom.report_concepts import (
    BORDER_SENSITIVITY,
    FOOT_LENGTH,
    QUANTITIES,
    ReportedQuantity,
)

_BY_COLUMN = {quantity.column: quantity for quantity in QUANTITIES}


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value, in the unit of the report; None if unknown."""

    quantity: ReportedQuantity
    region: str
    value: float | None


def readings_of(rows: Sequence[Measurement]) -> list[Reading]:
    """Give the values of one muscle in all regions."""
    readings = []
    for row in rows:
        for quantity in QUANTITIES:
            value = getattr(row, quantity.column)
            reported = None if value is None else value * quantity.factor
            readings.append(_reading(quantity, row.region, reported))
    return readings


def sums_of(table: MeasurementTable) -> Iterator[Reading]:
    """Give the values of the chosen muscles together, and of the foot."""
    for region in REGIONS:
        low, high = table.ci95_cm3.get(region, (None, None))
        known = {
            "volume_mm3": table.volume_cm3(region),
            "volume_ci95_low_mm3": low,
            "volume_ci95_high_mm3": high,
            "contractile_mm3": table.contractile_cm3(region),
        }
        for column, value in known.items():
            yield _reading(_BY_COLUMN[column], region, value)
    for limit in ("", "_low", "_high"):
        fraction = table.fat_fraction(limit)
        yield _reading(_BY_COLUMN[f"fat_fraction{limit}"], TOTAL, fraction)
    for quantity in (FOOT_LENGTH, BORDER_SENSITIVITY):
        yield _reading(quantity, TOTAL, getattr(table, quantity.column))


def _reading(quantity: ReportedQuantity, region: str, value: float | None) -> Reading:
    """Round to seven significant digits, as tables do: finer than any measurement."""
    return Reading(quantity, region, None if value is None else float(f"{value:.7g}"))


def left_out(readings: Sequence[Reading]) -> Iterator[str]:
    """Say of each unknown quantity in which regions it is left out, and why."""
    unknown: dict[ReportedQuantity, list[str]] = {}
    for reading in readings:
        if reading.value is None:
            unknown.setdefault(reading.quantity, []).append(reading.region)
    for quantity, regions in unknown.items():
        yield f"{quantity.concept.meaning} ({', '.join(regions)}): {quantity.absence}"
