"""The few facts that are taken of a DICOM header; what may name a person stays unprinted."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pipeline.domain.scan import Side
from pipeline.errors import ScanError
from pipeline.store.dicom_frames import frames_of

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesTime",
    "SeriesDescription",
    "ProtocolName",
    "InstanceNumber",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "ImageType",
    "EchoTime",
    "RepetitionTime",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "RescaleSlope",
    "RescaleIntercept",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SpacingBetweenSlices",
    "Laterality",
    "ImageLaterality",
    "BodyPartExamined",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
_ENCODING = {
    "SamplesPerPixel": 1,
    "BitsAllocated": 16,
    "BitsStored": 16,
    "HighBit": 15,
    "PixelRepresentation": 0,
}
_SIDE_WORDS = {
    "R": Side.RIGHT,
    "RT": Side.RIGHT,
    "RIGHT": Side.RIGHT,
    "L": Side.LEFT,
    "LT": Side.LEFT,
    "LEFT": Side.LEFT,
}
_FOOT_PARTS = ("FOREFOOT", "FOOT", "ANKLE", "HEEL", "TOE")
# No scanner's image packs better than this, so what claims to is damaged or made to harm.
_BEST_PACKING = 1000
_META_BYTES = 2048


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What a DICOM header says of one image: a file's, or one frame of it.

    Parameters
    ----------
    image_id, patient, study, series, time, titles
        For grouping, ordering and rules only: they must not be written or printed.
    order
        Temporal position, acquisition and instance number, in this order.
    kind
        Words of ImageType or FrameType, such as ``M`` or ``PHASE MAP``.
    frame
        Number of the frame in its file, from 0; None for a file of one image.
    is_mosaic
        Whether the image is a mosaic of all slices of a volume.
    shape
        Rows and columns.
    spacing_mm
        PixelSpacing: between rows, between columns.
    encoding
        Samples, bits, sign, inversion, slope and intercept, which slices of a volume share.
    position_mm, orientation
        ImagePositionPatient and ImageOrientationPatient (LPS+).
    sides
        How header elements name the side, each with its keyword.
    part
        The part of the foot that is named, or None.
    """

    file: Path = field(repr=False)
    image_id: str = field(repr=False)
    patient: str = field(repr=False)
    study: str = field(repr=False)
    series: str = field(repr=False)
    time: str = field(repr=False)
    titles: tuple[str, str] = field(repr=False)
    series_number: int
    order: tuple[int, int, int]
    modality: str
    kind: tuple[str, ...]
    echo_time_ms: float | None
    repetition_time_ms: float | None
    frame: int | None
    is_mosaic: bool
    shape: tuple[int, int]
    spacing_mm: tuple[float, ...] | None
    spacing_between_mm: float | None
    encoding: tuple[float, ...]
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    sides: tuple[tuple[str, Side], ...]
    part: str | None


def has_mark(file: Path) -> bool:
    """Whether a file has DICOM's mark (PS3.10)."""
    with file.open("rb") as opened:
        return opened.read(132)[128:] == b"DICM"


def read_slices(file: Path) -> tuple[SliceHeader, ...]:
    """Read the header of one file; nothing if it is not a DICOM image.

    Raises
    ------
    ScanError
        If the header is damaged, or promises more pixels than the file can hold.
    """
    _check_encoding(file)
    with warnings.catch_warnings():
        # pydicom's warnings and errors quote values, which may name a person.
        warnings.simplefilter("ignore")
        try:
            with file.open("rb") as opened:
                dataset = pydicom.dcmread(
                    opened, stop_before_pixels=True, specific_tags=list(_TAGS)
                )
                held = file.stat().st_size - opened.tell()
            if not _is_image(dataset):
                return ()
            needed = _pixel_bytes(dataset)
            if needed <= held * (_BEST_PACKING if _is_packed(dataset) else 1):
                return tuple(_facts(file, dataset))
            kind = f"{needed} bytes of pixels promised, {held} there"
        except InvalidDicomError:
            return ()
        except Exception as error:
            kind = type(error).__name__
    msg = (
        f"Every DICOM file must be whole and readable: got one that is damaged ({kind}). "
        "Export the series again."
    )
    raise ScanError(msg) from None


def _check_encoding(file: Path) -> None:
    """Refuse deflated files unread: they unpack to any size, and no converter takes them."""
    with file.open("rb") as opened:
        meta = opened.read(_META_BYTES)
    if meta[128:132] == b"DICM" and DeflatedExplicitVRLittleEndian.encode() in meta:
        msg = (
            "Images must be in an encoding of pixels that can be read: got deflated files "
            "(Deflated Explicit VR Little Endian). Export the series uncompressed."
        )
        raise ScanError(msg)


def _is_image(dataset: Dataset) -> bool:
    """Whether it is an image, and not a report, a drawing or a directory."""
    if "Image Storage" not in dataset.SOPClassUID.name and "Rows" not in dataset:
        return False
    # Both are there in every whole image (PS3.3 C.7.3.1 and C.7.6.3).
    return bool(dataset.SeriesInstanceUID) and bool(dataset.Rows)


def _is_packed(dataset: Dataset) -> bool:
    return bool(dataset.file_meta.TransferSyntaxUID.is_compressed)


def _pixel_bytes(dataset: Dataset) -> int:
    samples, bits = dataset.get("SamplesPerPixel", 1), dataset.get("BitsAllocated", 16)
    frames = int(dataset.get("NumberOfFrames") or 1)
    return int(dataset.Rows * dataset.Columns * frames * samples * bits // 8)


def _facts(file: Path, dataset: Dataset) -> Iterator[SliceHeader]:
    """Give one header per frame, or one for a file that holds one image."""
    sides = tuple(_sides(dataset))
    part = next((p for p in _FOOT_PARTS if p in _words(dataset)), None)
    description, protocol = (
        str(dataset.get(key, "")).lower() for key in ("SeriesDescription", "ProtocolName")
    )
    for number, frame in frames_of(dataset):
        kind = tuple(str(word).upper() for word in frame.get("ImageType") or ())
        acquired = (frame.get("TemporalPositionIdentifier"), dataset.get("AcquisitionNumber"))
        instance = dataset.get("InstanceNumber") if number is None else number + 1
        first, second, third = (int(n or 0) for n in (*acquired, instance))
        yield SliceHeader(
            file=file,
            image_id=f"{dataset.get('SOPInstanceUID')} {number}",
            patient=str(dataset.get("PatientID") or "").strip(),
            study=str(dataset.get("StudyInstanceUID")),
            series=str(dataset.get("SeriesInstanceUID")),
            time=str(dataset.get("SeriesTime") or ""),
            titles=(description, protocol),
            series_number=int(dataset.get("SeriesNumber") or 0),
            order=(first, second, third),
            modality=str(dataset.get("Modality", "")).upper()[:2],
            kind=kind,
            echo_time_ms=_number(frame.get("EchoTime")),
            repetition_time_ms=_number(frame.get("RepetitionTime")),
            frame=number,
            is_mosaic="MOSAIC" in kind,
            shape=(int(dataset.Rows), int(dataset.Columns)),
            spacing_mm=_numbers(frame.get("PixelSpacing")),
            spacing_between_mm=_number(frame.get("SpacingBetweenSlices")),
            encoding=(
                *(float(dataset.get(key, normal)) for key, normal in _ENCODING.items()),
                float("MONOCHROME1" in str(dataset.get("PhotometricInterpretation"))),
                _number(frame.get("RescaleSlope")) or 1.0,
                _number(frame.get("RescaleIntercept")) or 0.0,
            ),
            position_mm=_numbers(frame.get("ImagePositionPatient")),
            orientation=_numbers(frame.get("ImageOrientationPatient")),
            sides=sides,
            part=part,
        )


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


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
