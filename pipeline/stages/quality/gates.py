"""Hold what is measured of a scan to its limits."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.domain.cautions import Caution
from pipeline.domain.quality_reading import Reading, Verdict
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError
from pipeline.stages.quality import measures
from pipeline.stages.quality.quality_params import UPPER, QualityParams
from pipeline.stages.quality.view import View

STAGE = "quality"


@dataclass(frozen=True, slots=True)
class _Gate:
    """One property: how it is measured, and in what words it is told."""

    name: str
    measure: Callable[[View], float | None]
    unit: str
    rule: str
    advice: str


_GATES = (
    _Gate(
        "pixel_mm", measures.pixel_mm, "mm", "Pixels must be small",
        "Muscles of a few mm are then not resolved; scan with a finer matrix.",
    ),
    _Gate(
        "slice_mm", measures.slice_mm, "mm", "Slices must lie close",
        "Short muscles are then not resolved; scan with thinner slices or smaller gaps.",
    ),
    _Gate(
        "length_mm", measures.length_mm, "mm", "The image must hold the foot from heel to ball",
        "Scan again with a field of view from heel to toes.",
    ),
    _Gate(
        "cut_ends", measures.cut_ends, "", "Heel and toes must lie inside the image",
        "Tissue meets the image's edge there; muscles that are cut are lower bounds.",
    ),
    _Gate(
        "snr", measures.snr, "", "Muscle must stand out from the noise",
        "Scan with more averages, larger voxels or a closer coil.",
    ),
    _Gate(
        "contrast", measures.contrast, "", "Muscle and fat must differ in brightness",
        "Check the sequence, and that fat is not suppressed.",
    ),
    _Gate(
        "clipped_percent", measures.clipped_percent, "%", "Brightness must not be cut off",
        "Export the image again without window or 8-bit conversion.",
    ),
    _Gate(
        "ghost_percent", measures.ghost_percent, "%", "The air must be dark",
        "The foot may have moved, or something else lies in the image; look at it.",
    ),
    _Gate(
        "agreement", measures.agreement, "", "Neighbouring planes must look alike",
        "Water and fat may have changed places; look at the image.",
    ),
    _Gate(
        "dim_end", measures.dim_end, "", "Heel and toes must be as bright as the middle",
        "One end may have left the coil.",
    ),
    _Gate(
        "feet", measures.feet, "", "The image must show one foot",
        "Crop it, or say by --side which foot to measure.",
    ),
)  # fmt: skip
GATE_NAMES = tuple(gate.name for gate in _GATES)


def assess(scan: Scan, params: QualityParams) -> tuple[Reading, ...]:
    """Measure a scan as it came from the scanner, and hold it to the limits.

    Returns
    -------
    tuple of Reading
        One for each of `GATE_NAMES`, in that order.

    Notes
    -----
    What was measured on digital feet stands in docs/quality.md. Whether the image shows
    a whole foot, and which, is for the segmenter to tell.
    """
    view = View.of(scan)
    return tuple(_read(gate, gate.measure(view), params) for gate in _GATES)


def cautioned(scan: Scan, readings: Sequence[Reading]) -> tuple[Caution, ...]:
    """Give the scan's cautions and those of the readings.

    Raises
    ------
    ScanError
        Naming every reading that refuses the scan.
    """
    refusals = [r.message for r in readings if r.verdict is Verdict.REFUSAL]
    if refusals:
        raise ScanError(" ".join(refusals))
    new = (
        Caution(f"quality-{r.gate.replace('_', '-')}", r.message, STAGE)
        for r in readings
        if r.verdict is Verdict.CAUTION
    )
    return (*scan.cautions, *new)


def _read(gate: _Gate, value: float | None, params: QualityParams) -> Reading:
    if value is None:
        return Reading(gate.name, None, gate.unit, Verdict.UNKNOWN)
    caution, refusal = params.limits(gate.name)
    beyond = operator.ge if gate.name in UPPER else operator.lt
    if refusal is not None and params.enforce and beyond(value, refusal):
        return _told(gate, value, refusal, Verdict.REFUSAL)
    limit = refusal if caution is None and not params.enforce else caution
    if limit is not None and beyond(value, limit):
        return _told(gate, value, limit, Verdict.CAUTION)
    return Reading(gate.name, value, gate.unit, Verdict.PASSED)


def _told(gate: _Gate, value: float, limit: float, verdict: Verdict) -> Reading:
    unit = f" {gate.unit}".rstrip()
    asked = "below" if gate.name in UPPER else "at least"
    message = (
        f"{gate.rule}: got {gate.name} {value:.3g}{unit}, where {asked} {limit:g}{unit} is "
        f"asked (quality.{gate.name}_{verdict}). {gate.advice}"
    )
    return Reading(gate.name, value, gate.unit, verdict, message)
