"""The few facts that are taken of a DICOM header, none of which names a person."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from pipeline.domain.scan import Side
from pipeline.errors import ScanError

_TAGS = [
    "SOPClassUID",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "InstanceNumber",
    "ImageType",
    "EchoTime",
    "NumberOfFrames",
    "Rows",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "Laterality",
    "ImageLaterality",
    "BodyPartExamined",
    "SharedFunctionalGroupsSequence",
]
_SIDE_WORDS = {
    "R": Side.RIGHT,
    "RT": Side.RIGHT,
    "RIGHT": Side.RIGHT,
    "L": Side.LEFT,
    "LT": Side.LEFT,
    "LEFT": Side.LEFT,
}
_FOOT_PARTS = ("FOREFOOT", "FOOT", "ANKLE", "HEEL", "TOE")


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What one DICOM file says of its image.

    Parameters
    ----------
    series
        Identifier of the series, for grouping only: it must not be written.
    instance
        Number of the image in its series.
    kind
        Words of ImageType, such as ``M`` or ``PHASE MAP``.
    is_packed
        Whether the file holds many slices (enhanced multi-frame, or a mosaic).
    position_mm, orientation
        ImagePositionPatient and ImageOrientationPatient (LPS+).
    sides
        How header elements name the side, each with its keyword.
    part
        The part of the foot that is named, or None.
    """

    file: Path
    series: str
    series_number: int
    instance: int
    modality: str
    kind: tuple[str, ...]
    echo_time_ms: float | None
    is_packed: bool
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    sides: tuple[tuple[str, Side], ...]
    part: str | None


def read_header(file: Path) -> SliceHeader | None:
    """Read the header of one file; None if it is not a DICOM image.

    Raises
    ------
    ScanError
        If the header is damaged.
    """
    with warnings.catch_warnings():
        # pydicom's warnings and errors quote values, which may name a person.
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS))
            return _facts(file, dataset) if _is_image(dataset) else None
        except InvalidDicomError:
            return None
        except Exception as error:
            kind = type(error).__name__
    msg = (
        f"Every DICOM header must be readable: got one that is damaged ({kind}). "
        "Export the series again."
    )
    raise ScanError(msg)


def _is_image(dataset: Dataset) -> bool:
    """Whether it is an image, and not a report, a drawing or a directory."""
    if "Image Storage" not in dataset.SOPClassUID.name and "Rows" not in dataset:
        return False
    # Both are there in every whole image (PS3.3 C.7.3.1 and C.7.6.3).
    return bool(dataset.SeriesInstanceUID) and bool(dataset.Rows)


def _facts(file: Path, dataset: Dataset) -> SliceHeader:
    kind = tuple(str(word).upper() for word in dataset.get("ImageType") or ())
    echo_time = dataset.get("EchoTime")
    return SliceHeader(
        file=file,
        series=str(dataset.get("SeriesInstanceUID")),
        series_number=int(dataset.get("SeriesNumber") or 0),
        instance=int(dataset.get("InstanceNumber") or 0),
        modality=str(dataset.get("Modality", "")).upper()[:2],
        kind=kind,
        echo_time_ms=None if echo_time is None else float(echo_time),
        is_packed="MOSAIC" in kind or int(dataset.get("NumberOfFrames") or 1) > 1,
        position_mm=_numbers(dataset.get("ImagePositionPatient")),
        orientation=_numbers(dataset.get("ImageOrientationPatient")),
        sides=tuple(_sides(dataset)),
        part=next((p for p in _FOOT_PARTS if p in _words(dataset)), None),
    )


def _numbers(values: Any) -> tuple[float, ...] | None:
    return None if values is None else tuple(float(v) for v in values)


def _words(dataset: Dataset) -> list[str]:
    return re.findall("[A-Z]+", str(dataset.get("BodyPartExamined", "")).upper())


def _sides(dataset: Dataset) -> list[tuple[str, Side]]:
    """Give each element that names a side; B (both) and U (unpaired) name none."""
    said = [(key, str(dataset.get(key, ""))) for key in ("Laterality", "ImageLaterality")]
    for group in dataset.get("SharedFunctionalGroupsSequence", ()):
        for anatomy in group.get("FrameAnatomySequence", ()):
            said.append(("FrameLaterality", str(anatomy.get("FrameLaterality", ""))))
    said += [("BodyPartExamined", word) for word in _words(dataset)]
    found = [(key, _SIDE_WORDS.get(value.strip().upper())) for key, value in said]
    return [(key, side) for key, side in found if side is not None]
