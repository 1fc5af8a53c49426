"""Acquisition parameters as fields of a BIDS sidecar."""

from typing import Any

from pipeline.domain.scan import Contrast
from pipeline.phantom.acquisition.protocols import IN_PHASE_MS, Protocol, Technique

SINGLE_IMAGE = ""
"""Name of the image of a protocol without Dixon."""


def image_contrast(protocol: Protocol, name: str) -> Contrast:
    """Give the contrast of an image; in-phase and opposed-phase images are T1-weighted."""
    if not protocol.is_dixon:
        return protocol.contrast
    return {"water": Contrast.WATER, "fat": Contrast.FAT}.get(name, Contrast.T1W)


def acquisition_fields(protocol: Protocol, name: str) -> dict[str, Any]:
    """Give the acquisition parameters of an image as BIDS fields (times in seconds)."""
    is_gradient = protocol.technique is Technique.GRADIENT_ECHO
    is_fast = protocol.technique is Technique.FAST_SPIN_ECHO
    echo_ms = IN_PHASE_MS if name == "in" else protocol.echo_time_ms
    fields = {
        "MagneticFieldStrength": protocol.field_t,
        "RepetitionTime": protocol.repetition_time_ms / 1000,
        "EchoTime": echo_ms / 1000,
        "FlipAngle": protocol.flip_deg,
        "SliceThickness": protocol.slice_thickness_mm,
        "SpacingBetweenSlices": protocol.slice_spacing_mm,
        "ScanningSequence": "GR" if is_gradient else "SE",
        "SequenceVariant": "SP" if is_gradient else "SK" if is_fast else "NONE",
        "ScanOptions": "FS" if protocol.fat_left < 1 else "",
        "MRAcquisitionType": "3D" if is_gradient else "2D",
        "InPlanePhaseEncodingDirectionDICOM": ("ROW", "COL")[protocol.phase_axis],
        "ImageType": _image_type(name),
        "ProtocolName": protocol.name,
        "BodyPart": "FOOT",
    }
    return {key: value for key, value in fields.items() if value != ""}


def _image_type(name: str) -> list[str]:
    """Give the four values of the DICOM attribute Image Type."""
    kinds = {"water": "WATER", "fat": "FAT", "in": "IN_PHASE", "opposed": "OUT_PHASE"}
    origin = "DERIVED" if name in {"water", "fat"} else "ORIGINAL"
    return [origin, "PRIMARY", "M", kinds.get(name, "NONE")]
