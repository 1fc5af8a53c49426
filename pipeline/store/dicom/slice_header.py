"""Header elements of one DICOM image; those that may identify a person are never printed."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Position of a file in a concatenation (PS3.3 C.7.6.16.2.2.4).

    Parameters
    ----------
    identifier
        ConcatenationUID: it must not be written or printed.
    number
        InConcatenationNumber, from 1.
    total
        InConcatenationTotalNumber; 0 if missing.
    offset
        ConcatenationFrameOffsetNumber: frames before this file, or None.
    frames
        Number of frames in this file.
    """

    identifier: str = field(repr=False)
    number: int
    total: int
    offset: int | None
    frames: int


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """Header elements of one image: of a file, or of one of its frames.

    Parameters
    ----------
    image_id, patient, study, series, time, titles
        For grouping, ordering and rules only: they must not be written or printed. The time
        is that of the series, preceded by the dates of study and series.
    order
        Temporal position, acquisition and instance number, in this order.
    kind
        Values of ImageType or FrameType, such as ``M`` or ``PHASE MAP``.
    frame
        Number of the frame in its file, from 0; None for a file of one image.
    is_mosaic
        Whether the image is a mosaic of all slices of a volume.
    shape
        Rows and columns.
    spacing_mm
        PixelSpacing: between rows, between columns.
    spacing_between_mm, thickness_mm
        SpacingBetweenSlices and SliceThickness; None if missing.
    encoding
        Samples, bits, sign and inversion, equal in all slices of a volume.
    scale
        RescaleSlope and RescaleIntercept.
    position_mm, orientation
        ImagePositionPatient and ImageOrientationPatient (LPS+).
    digit_mm
        Value of the last digit of a position; 0 for binary numbers.
    stack
        StackID and FrameLaterality of a frame, which separate the volumes of a file.
    concatenation
        Position of its file in a concatenation, or None.
    sides
        Keyword and side of each element that states a side.
    part
        Part of the foot that BodyPartExamined names, or None.
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
    thickness_mm: float | None
    encoding: tuple[float, ...]
    scale: tuple[float, float]
    position_mm: tuple[float, ...] | None
    digit_mm: float
    orientation: tuple[float, ...] | None
    stack: tuple[str, str]
    concatenation: Concatenation | None
    sides: tuple[tuple[str, Side], ...]
    part: str | None
