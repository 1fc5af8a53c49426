"""What is known of one DICOM image; what may name a person stays unprinted."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.domain.scan import Side


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of a concatenation a file is (PS3.3 C.7.6.16.2.2.4).

    Parameters
    ----------
    identifier
        ConcatenationUID: it must not be written or printed.
    number
        InConcatenationNumber, from 1.
    total
        InConcatenationTotalNumber; 0 if it is not said.
    offset
        ConcatenationFrameOffsetNumber: frames before this part, or None.
    frames
        In this part.
    """

    identifier: str = field(repr=False)
    number: int
    total: int
    offset: int | None
    frames: int


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What a DICOM header says of one image: a file's, or one frame of it.

    Parameters
    ----------
    image_id, patient, study, series, time, titles
        For grouping, ordering and rules only: they must not be written or printed. The time
        is that of the series, after the dates of study and series.
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
    spacing_between_mm, thickness_mm
        SpacingBetweenSlices and SliceThickness; None if they are not said.
    encoding
        Samples, bits, sign and inversion, which slices of a volume share.
    scale
        RescaleSlope and RescaleIntercept.
    position_mm, orientation
        ImagePositionPatient and ImageOrientationPatient (LPS+).
    digit_mm
        What one step of the last digit of a position is worth; 0 for binary numbers.
    stack
        StackID and FrameLaterality of a frame, which part the volumes of a multi-frame file.
    concatenation
        Which part of one its file is, or None.
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
