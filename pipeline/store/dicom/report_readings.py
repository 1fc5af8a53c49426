"""The values that a structured report has, and why others are left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.domain.anatomy import TOTAL
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
    value: float | None


def readings_of(row: Measurement) -> Iterator[Reading]:
    """Give the values of one muscle in one region."""
    for quantity in QUANTITIES:
        value = getattr(row, quantity.column)
        yield _reading(quantity, None if value is None else value * quantity.factor)


def sums_of(table: MeasurementTable, region: str) -> Iterator[Reading]:
    """Give the values of the chosen muscles together; in total, also those of the foot."""
    low, high = table.ci95_cm3.get(region, (None, None))
    known = {
        "volume_mm3": table.volume_cm3(region),
        "volume_ci95_low_mm3": low,
        "volume_ci95_high_mm3": high,
        "contractile_mm3": table.contractile_cm3(region),
    }
    if region == TOTAL:
        known |= {
            f"fat_fraction{limit}": table.fat_fraction(limit) for limit in ("", "_low", "_high")
        }
    for column, value in known.items():
        yield _reading(_BY_COLUMN[column], value)
    if region == TOTAL:
        for quantity in (FOOT_LENGTH, BORDER_SENSITIVITY):
            yield _reading(quantity, getattr(table, quantity.column))


def _reading(quantity: ReportedQuantity, value: float | None) -> Reading:
    """Round to seven significant digits, as tables do: finer than any measurement."""
    return Reading(quantity, None if value is None else float(f"{value:.7g}"))


def left_out(readings: Iterable[Reading]) -> Iterator[str]:
    """Say of each unknown quantity why it is left out."""
    for reading in readings:
        if reading.value is None:
            yield f"{reading.quantity.concept.meaning}: {reading.quantity.absence}"
