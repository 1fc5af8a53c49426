"""Frames of an enhanced (multi-frame) file, with the elements of classic single images."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset

# Functional group (PS3.3 C.7.6.16), its element, and the equivalent classic element.
_GROUPS = (
    ("PlanePositionSequence", "ImagePositionPatient", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient", "ImageOrientationPatient"),
    ("PixelMeasuresSequence", "PixelSpacing", "PixelSpacing"),
    ("PixelMeasuresSequence", "SpacingBetweenSlices", "SpacingBetweenSlices"),
    ("PixelMeasuresSequence", "SliceThickness", "SliceThickness"),
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
    ("MRTimingAndRelatedParametersSequence", "RepetitionTime", "RepetitionTime"),
    ("MRImageFrameTypeSequence", "FrameType", "ImageType"),
    ("FrameContentSequence", "TemporalPositionIndex", "TemporalPositionIdentifier"),
    ("FrameContentSequence", "StackID", "StackID"),
    ("FrameAnatomySequence", "FrameLaterality", "FrameLaterality"),
    ("PixelValueTransformationSequence", "RescaleSlope", "RescaleSlope"),
    ("PixelValueTransformationSequence", "RescaleIntercept", "RescaleIntercept"),
)


def frames_of(dataset: Dataset) -> Iterator[tuple[int | None, Mapping[str, Any]]]:
    """Yield number and elements of each frame; a single image has the number None.

    Raises
    ------
    ValueError
        If the number of described frames is not the number of frames.
    """
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    count = int(dataset.get("NumberOfFrames") or 1)
    shared = _elements(
        next(iter(dataset.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    )
    if not groups:
        numbers = range(count) if count > 1 else (None,)
        yield from ((number, {**_classic(dataset), **shared}) for number in numbers)
        return
    if len(groups) != count:
        msg = f"Every frame must be described: got {len(groups)} of {count}"
        raise ValueError(msg)
    for number, group in enumerate(groups):
        yield number, {**_classic(dataset), **shared, **_elements(group)}


def _classic(dataset: Dataset) -> dict[str, Any]:
    return {name: dataset.get(name) for _, _, name in _GROUPS}


def _elements(group: Dataset) -> dict[str, Any]:
    return {
        name: item.get(keyword)
        for sequence, keyword, name in _GROUPS
        for item in (group.get(sequence) or ())
        if keyword in item
    }
