"""Frames of an enhanced (multi-frame) file, told in the words of single images."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset

# Functional group (PS3.3 C.7.6.16), its element, and the classic element that says the same.
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
    """Give number and facts of each frame; a file of one image gives itself, without number.

    Raises
    ------
    ValueError
        If the frames that are described are not as many as there are.
    """
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    count = int(dataset.get("NumberOfFrames") or 1)
    shared = _told(next(iter(dataset.get("SharedFunctionalGroupsSequence") or ()), Dataset()))
    if not groups:
        numbers = range(count) if count > 1 else (None,)
        yield from ((number, {**_plain(dataset), **shared}) for number in numbers)
        return
    if len(groups) != count:
        msg = f"Every frame must be described: got {len(groups)} of {count}"
        raise ValueError(msg)
    for number, group in enumerate(groups):
        yield number, {**_plain(dataset), **shared, **_told(group)}


def _plain(dataset: Dataset) -> dict[str, Any]:
    return {name: dataset.get(name) for _, _, name in _GROUPS}


def _told(group: Dataset) -> dict[str, Any]:
    return {
        name: item.get(keyword)
        for sequence, keyword, name in _GROUPS
        for item in (group.get(sequence) or ())
        if keyword in item
    }
