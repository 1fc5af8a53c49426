"""Checks that the pixel data of a DICOM file have the size that its header implies."""

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import generate_frames
from pydicom.filereader import data_element_generator
from pydicom.uid import RLELossless

# No scanner's image compresses more, so a file that does is damaged or malicious.
_MAX_COMPRESSION = 1000
_UNDEFINED_LENGTH = 0xFFFFFFFF
# Starts of frame of JPEG (ITU-T T.81, table B.1) and of JPEG-LS (ITU-T T.87, C.1.1).
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
# Start of codestream and its size (ITU-T T.800, A.4.1 and A.5.1).
_JPEG_2000 = b"\xff\x4f\xff\x51"


class PixelsError(ValueError):
    """Header and pixel data contradict each other; the text gives numbers only."""


def check_pixels(dataset: FileDataset, opened: BinaryIO) -> None:
    """Compare the header's sizes with the pixel data that follow in the file.

    Parameters
    ----------
    dataset
        Read with ``stop_before_pixels``.
    opened
        The file, positioned at the end of the header.

    Raises
    ------
    PixelsError
        If rows or columns are below 1, the number of bytes does not fit the sizes (except
        for padding to even length; too many are refused in MR only), or compressed images
        differ in number, size or depth from the header.
    """
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows < 1 or columns < 1:
        msg = f"{rows} rows of {columns} pixels expected"
        raise PixelsError(msg)
    needed, start = _needed_bytes(dataset), opened.tell()
    there = opened.seek(0, 2) - start
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        if needed > there * _MAX_COMPRESSION:
            _refuse_bytes(needed, there)
        opened.seek(start)
        _check_compressed(dataset, opened)
        return
    opened.seek(start)
    found = _found_bytes(dataset, opened, start + there)
    is_padded = found == needed + needed % 2
    # Screenshots and the like are not measured, so excess bytes do not matter.
    if found < needed or (found > needed and not is_padded and dataset.get("Modality") == "MR"):
        _refuse_bytes(needed, found)


def _refuse_bytes(needed: int, found: int) -> None:
    msg = f"{needed} bytes of pixels expected, {found} found"
    raise PixelsError(msg)


def _needed_bytes(dataset: Dataset) -> int:
    samples, bits = dataset.get("SamplesPerPixel", 1), dataset.get("BitsAllocated", 16)
    needed = -(-int(dataset.Rows * dataset.Columns * _frames(dataset) * samples * bits) // 8)
    # Two of three colour samples are shared by neighbours (PS3.3 C.7.6.3.1.2).
    is_shared = dataset.get("PhotometricInterpretation") == "YBR_FULL_422"
    return needed // 3 * 2 if is_shared else needed


def _frames(dataset: Dataset) -> int:
    return int(dataset.get("NumberOfFrames") or 1)


def _found_bytes(dataset: FileDataset, opened: BinaryIO, end: int) -> int:
    element = _pixel_element(dataset, opened, is_read=False)
    return 0 if element is None else min(element.length, end - element.value_tell)


def _pixel_element(
    dataset: FileDataset, opened: BinaryIO, *, is_read: bool
) -> RawDataElement | None:
    is_implicit, is_little = dataset.original_encoding
    elements = data_element_generator(
        opened, bool(is_implicit), bool(is_little), defer_size=None if is_read else 0
    )
    element = next(elements, None)
    return element if isinstance(element, RawDataElement) else None


def _check_compressed(dataset: FileDataset, opened: BinaryIO) -> None:
    """Compare number, size and depth of compressed images with the header."""
    frames = list(compressed_frames(dataset, opened))
    if len(frames) != _frames(dataset):
        msg = f"{_frames(dataset)} compressed images expected, {len(frames)} found"
        raise PixelsError(msg)
    is_rle = dataset.file_meta.TransferSyntaxUID == RLELossless
    for frame in frames:
        if is_rle:
            _check_run_lengths(dataset, frame)
        else:
            _check_codestream(dataset, frame)


def _check_codestream(dataset: Dataset, frame: bytes) -> None:
    coded = _coded_size(frame)
    if coded is None:
        return
    rows, columns, bits = coded
    if (rows, columns) != (dataset.Rows, dataset.Columns):
        msg = f"{dataset.Rows} x {dataset.Columns} pixels expected, {rows} x {columns} found"
        raise PixelsError(msg)
    allocated = dataset.get("BitsAllocated", 16)
    if not bits <= allocated <= max(16, bits):
        msg = f"{allocated} bits per pixel expected, {bits} found"
        raise PixelsError(msg)


def _check_run_lengths(dataset: Dataset, frame: bytes) -> None:
    """Count the bytes that each segment decompresses to, without doing so (PS3.5 G)."""
    count, *starts = struct.unpack("<16L", frame[:64])
    bits = dataset.get("SamplesPerPixel", 1) * dataset.get("BitsAllocated", 16)
    if count * 8 != bits:
        msg = f"{bits} bits per pixel expected, {count * 8} found"
        raise PixelsError(msg)
    needed = dataset.Rows * dataset.Columns
    for start, end in pairwise([*starts[:count], len(frame)]):
        found = _unpacked_bytes(frame[start:end])
        if found not in (needed, needed + 1):
            msg = f"{needed} bytes of a compressed segment expected, {found} found"
            raise PixelsError(msg)


def _unpacked_bytes(segment: bytes) -> int:
    at = found = 0
    while at < len(segment):
        control = segment[at]
        if control < 128:
            found += min(control + 1, len(segment) - at - 1)
            at += control + 2
        elif control > 128:
            found += 257 - control
            at += 2
        else:
            at += 1
    return found


def compressed_frames(dataset: FileDataset, opened: BinaryIO) -> Iterator[bytes]:
    """Yield each compressed image of a file that is positioned at the end of its header.

    Raises
    ------
    PixelsError
        If there are no compressed images.
    """
    element = _pixel_element(dataset, opened, is_read=True)
    if element is None or element.length != _UNDEFINED_LENGTH or element.value is None:
        msg = f"{_frames(dataset)} compressed images expected, none found"
        raise PixelsError(msg)
    table = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    return generate_frames(
        element.value,
        number_of_frames=_frames(dataset),
        extended_offsets=table if all(table) else None,
    )


def _coded_size(frame: bytes) -> tuple[int, int, int] | None:
    """Read rows, columns and bits from a JPEG, JPEG-LS or JPEG 2000 codestream."""
    start = frame.find(_JPEG_2000, 0, 512)
    if start >= 0:
        width, height, left, top = struct.unpack(">4L", frame[start + 8 : start + 24])
        return height - top, width - left, (frame[start + 42] & 0x7F) + 1
    at = 2
    while frame[at : at + 1] == b"\xff" and at + 9 <= len(frame):
        if frame[at + 1] in _FRAME_MARKERS:
            bits, height, width = struct.unpack(">BHH", frame[at + 4 : at + 9])
            return height, width, bits
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None
