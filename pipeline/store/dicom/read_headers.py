"""Reading of DICOM headers: the few elements that are used; none of them is printed."""

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pipeline.domain.scan import SIDE_WORDS, Side
from pipeline.errors import ScanError
from pipeline.store.dicom.multiframe import frames_of
from pipeline.store.dicom.pixel_bytes import PixelsError, check_pixels
from pipeline.store.dicom.slice_header import Concatenation, SliceHeader

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "StudyDate",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDate",
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
    "SliceThickness",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "ConcatenationFrameOffsetNumber",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "Laterality",
    "ImageLaterality",
    "BodyPartExamined",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
_READ = [Tag(keyword) for keyword in _TAGS]
_PIXELS = {Tag(k) for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")}
_ENCODING = {
    "SamplesPerPixel": 1,
    "BitsAllocated": 16,
    "BitsStored": 16,
    "HighBit": 15,
    "PixelRepresentation": 0,
}
_TIMES = ("StudyDate", "SeriesDate", "SeriesTime")
_FOOT_PARTS = ("FOREFOOT", "FOOT", "ANKLE", "HEEL", "TOE")
_META_BYTES = 2048


def read_slices(file: Path) -> tuple[SliceHeader, ...]:
    """Read the header of one file; empty if it is not a DICOM image.

    Raises
    ------
    ScanError
        If the header is damaged, or the pixel data do not have the size that it implies.
    """
    _check_encoding(file)
    with warnings.catch_warnings():
        # Warnings and errors of pydicom quote values, which may name a person.
        warnings.simplefilter("ignore")
        try:
            with file.open("rb") as opened:
                dataset = read_partial(opened, _until_pixels(), specific_tags=[*_READ])
                if not _is_image(dataset):
                    return ()
                check_pixels(dataset, opened)
            return tuple(_headers(file, dataset))
        except InvalidDicomError:
            return ()
        except (PixelsError, _TwiceError) as error:
            kind = str(error)
        except Exception:
            kind = "header or pixels cannot be read"
    msg = (
        f"Every DICOM file must be whole and readable: got one that is damaged ({kind}). "
        "Export the series again."
    )
    raise ScanError(msg) from None


class _TwiceError(ValueError):
    """An element occurs twice, so that readers differ in which one they use (PS3.5 7.1)."""


def _until_pixels() -> Callable[[BaseTag, str | None, int], bool]:
    """Make a condition that stops reading at the pixels, and raises at a repeated element."""
    known: set[int] = set()

    def is_at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        if tag in known and tag in _READ:
            msg = f"{keyword_for_tag(tag)} twice"
            raise _TwiceError(msg)
        known.add(tag)
        return tag in _PIXELS

    return is_at_pixels


def _check_encoding(file: Path) -> None:
    """Refuse deflated files unread: they expand to any size, and no converter reads them."""
    with file.open("rb") as opened:
        meta = opened.read(_META_BYTES)
    if meta[128:132] == b"DICM" and DeflatedExplicitVRLittleEndian.encode() in meta:
        msg = (
            "Images must be in a supported encoding: got deflated files "
            "(Deflated Explicit VR Little Endian). Export the series uncompressed."
        )
        raise ScanError(msg)


def _is_image(dataset: Dataset) -> bool:
    """Whether it is an image, and not a report, a drawing or a directory."""
    if "Image Storage" not in dataset.SOPClassUID.name and "Rows" not in dataset:
        return False
    # Every complete image has it (PS3.3 C.7.3.1).
    return bool(dataset.SeriesInstanceUID)


def _headers(file: Path, dataset: Dataset) -> Iterator[SliceHeader]:
    """Yield one header per frame, or one for a file of one image."""
    joined = _concatenation(dataset)
    part = next((p for p in _FOOT_PARTS if p in _words(dataset)), None)
    description, protocol = (
        str(dataset.get(key, "")).lower() for key in ("SeriesDescription", "ProtocolName")
    )
    for number, frame in frames_of(dataset):
        kind = tuple(str(word).upper() for word in frame.get("ImageType") or ())
        acquired = (frame.get("TemporalPositionIdentifier"), dataset.get("AcquisitionNumber"))
        instance = dataset.get("InstanceNumber")
        if number is not None:
            instance = number + 1 + ((joined and joined.offset) or 0)
        first, second, third = (int(n or 0) for n in (*acquired, instance))
        yield SliceHeader(
            file=file,
            image_id=f"{dataset.get('SOPInstanceUID')} {number}",
            patient=str(dataset.get("PatientID") or "").strip(),
            study=str(dataset.get("StudyInstanceUID")),
            series=str(dataset.get("SeriesInstanceUID")),
            time=" ".join(str(dataset.get(key) or "") for key in _TIMES),
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
            thickness_mm=_number(frame.get("SliceThickness")),
            encoding=_encoding(dataset),
            scale=_scale(frame),
            position_mm=_numbers(frame.get("ImagePositionPatient")),
            digit_mm=_digit(frame.get("ImagePositionPatient")),
            orientation=_numbers(frame.get("ImageOrientationPatient")),
            stack=(str(frame.get("StackID") or ""), str(frame.get("FrameLaterality") or "")),
            concatenation=joined,
            sides=tuple(_sides(dataset, frame)),
            part=part,
        )


def _encoding(dataset: Dataset) -> tuple[float, ...]:
    return (
        *(float(dataset.get(key, normal)) for key, normal in _ENCODING.items()),
        float("MONOCHROME1" in str(dataset.get("PhotometricInterpretation"))),
    )


def _scale(frame: Mapping[str, Any]) -> tuple[float, float]:
    slope, intercept = (_number(frame.get(f"Rescale{k}")) for k in ("Slope", "Intercept"))
    return slope or 1.0, intercept or 0.0


def _concatenation(dataset: Dataset) -> Concatenation | None:
    number = dataset.get("InConcatenationNumber")
    if number is None:
        return None
    offset = dataset.get("ConcatenationFrameOffsetNumber")
    return Concatenation(
        str(dataset.get("ConcatenationUID") or ""),
        int(number),
        int(dataset.get("InConcatenationTotalNumber") or 0),
        None if offset is None else int(offset),
        int(dataset.get("NumberOfFrames") or 1),
    )


def _number(value: Any) -> float | None:
    """Return a number, or None if the element is empty.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    if value in (None, ""):
        return None
    number = float(value)
    if not math.isfinite(number):
        msg = f"A number must be finite, got {number}"
        raise ValueError(msg)
    return number


def _numbers(values: Any) -> tuple[float, ...] | None:
    return None if values is None else tuple(float(v) for v in values)


def _digit(values: Any) -> float:
    """Return the value of the last digit, of the number with the most decimals."""
    texts = [getattr(value, "original_string", None) for value in values or ()]
    if not texts or None in texts:
        return 0.0
    exponents = (Decimal(str(text).strip()).as_tuple().exponent for text in texts)
    return min((10.0**e for e in exponents if isinstance(e, int)), default=0.0)


def _words(dataset: Dataset) -> list[str]:
    return re.findall("[A-Z]+", str(dataset.get("BodyPartExamined", "")).upper())


def _sides(dataset: Dataset, frame: Mapping[str, Any]) -> list[tuple[str, Side]]:
    """Return each element that states a side; B (both) and U (unpaired) state none."""
    elements = [(key, str(dataset.get(key, ""))) for key in ("Laterality", "ImageLaterality")]
    elements.append(("FrameLaterality", str(frame.get("FrameLaterality", ""))))
    elements += [("BodyPartExamined", word) for word in _words(dataset)]
    found = [(key, SIDE_WORDS.get(value.strip().upper())) for key, value in elements]
    return [(key, side) for key, side in found if side is not None]
