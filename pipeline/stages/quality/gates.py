"""Compare the properties of a scan with their limits."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.domain.cautions import Caution
from pipeline.domain.quality_reading import Reading, Verdict
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError
from pipeline.settings.quality import UPPER, QualityParams
from pipeline.stages.quality import measures
from pipeline.stages.quality.view import View

STAGE = "quality"


@dataclass(frozen=True, slots=True)
class _Gate:
    """One property: how it is measured, and the text of its message."""

    name: str
    measure: Callable[[View], float | None]
    unit: str
    rule: str
    advice: str


_GATES = (
    _Gate(
        "pixel_mm", measures.pixel_mm, "mm", "Pixels must be small",
        "Small muscles are not resolved; scan with a finer matrix.",
    ),
    _Gate(
        "slice_mm", measures.slice_mm, "mm", "Slices must be close together",
        "Short muscles are not resolved; scan with thinner slices or smaller gaps.",
    ),
    _Gate(
        "length_mm", measures.length_mm, "mm", "The image must show the foot from heel to ball",
        "Scan again with a field of view from heel to toes.",
    ),
    _Gate(
        "cut_ends", measures.cut_ends, "", "Heel and toes must be inside the image",
        "Tissue touches the edge of the image; volumes of cut muscles are lower bounds.",
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
        "clipped_percent", measures.clipped_percent, "%", "Intensities must not be clipped",
        "Export the image again without windowing or 8-bit conversion.",
    ),
    _Gate(
        "ghost_percent", measures.ghost_percent, "%", "The air must be dark",
        "The foot may have moved, or another object is in the image; look at it.",
    ),
    _Gate(
        "agreement", measures.agreement, "", "Neighbouring planes must be similar",
        "Water and fat may be swapped in some planes; look at the image.",
    ),
    _Gate(
        "dim_end", measures.dim_end, "", "Heel and toes must be about as bright as the midfoot",
        "One end may lie outside the coil.",
    ),
    _Gate(
        "feet", measures.feet, "", "The image must show one foot",
        "Crop it, or name the foot to measure with --side.",
    ),
)  # fmt: skip
GATE_NAMES = tuple(gate.name for gate in _GATES)


def assess(scan: Scan, params: QualityParams) -> tuple[Reading, ...]:
    """Measure a scan as acquired, and compare it with the limits.

    Returns
    -------
    tuple of Reading
        One for each of `GATE_NAMES`, in that order.

    Notes
    -----
    docs/quality.md has the values measured on digital feet. Whether the image shows a
    whole foot, and which side, is decided by segmentation.
    """
    view = View.of(scan)
    return tuple(_read(gate, gate.measure(view), params) for gate in _GATES)


def cautioned(scan: Scan, readings: Sequence[Reading]) -> tuple[Caution, ...]:
    """Give the scan's cautions and those of the readings.

    Raises
    ------
    ScanError
        If a reading lies beyond its limit of refusal; the message names all of them.
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
    is_beyond = operator.ge if gate.name in UPPER else operator.lt
    if refusal is not None and params.enforce and is_beyond(value, refusal):
        return _beyond(gate, value, refusal, Verdict.REFUSAL)
    limit = refusal if caution is None and not params.enforce else caution
    if limit is not None and is_beyond(value, limit):
        return _beyond(gate, value, limit, Verdict.CAUTION)
    return Reading(gate.name, value, gate.unit, Verdict.PASSED)


def _beyond(gate: _Gate, value: float, limit: float, verdict: Verdict) -> Reading:
    unit = f" {gate.unit}".rstrip()
    required = "below" if gate.name in UPPER else "at least"
    message = (
        f"{gate.rule}: got {gate.name} {value:.3g}{unit}, where {required} {limit:g}{unit} is "
        f"required (quality.{gate.name}_{verdict}). {gate.advice}"
    )
    return Reading(gate.name, value, gate.unit, verdict, message)
