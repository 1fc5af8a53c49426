"""NRRD and MetaImage files read by SimpleITK, and held to the bytes that they store.

SimpleITK gives any voxels for a compressed MetaImage that is damaged, and leaves unread what a
file holds beyond the promised voxels.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO

import numpy as np
import SimpleITK

from pipeline.errors import ScanError
from pipeline.store.header_fields import FARTHEST_MM, LARGEST_MM, is_spacing
from pipeline.store.streams import Stream, check_size, check_voxel_count, faults_told
from pipeline.store.text_headers import TextHeader, read_text_header

_CHUNK_BYTES = 2**20


def read_itk_image(path: Path, most_voxels: int) -> SimpleITK.Image:
    """Read an NRRD or MetaImage file, and prove that its voxels are those in the file.

    Raises
    ------
    ScanError
        If the file is damaged, is not as long as its header promises, or does not say where
        its voxels lie.
    """
    header = read_text_header(path)
    try:
        image, promised = _read_by_itk(header, most_voxels)
    except RuntimeError as error:
        msg = (
            f"{path.name}: An image must be what its ending says: got a file that SimpleITK "
            "cannot read. Copy or convert it again."
        )
        raise ScanError(msg) from error
    place = np.abs((*image.GetOrigin(), *image.GetDirection()))
    if not (place < FARTHEST_MM).all():
        msg = (
            f"{path.name}: A header must say where voxels lie in numbers: got the origin "
            f"{image.GetOrigin()}. Convert the scanner's original again."
        )
        raise ScanError(msg)
    voxels = SimpleITK.GetArrayViewFromImage(image)
    order = ">" if header.is_big_endian else "<"
    if sha256(voxels.astype(voxels.dtype.newbyteorder(order), copy=False)).digest() != promised:
        msg = (
            f"{path.name}: Voxels must be read as they are stored: got others from SimpleITK. "
            "Convert the file to .nii.gz with the program that wrote it."
        )
        raise ScanError(msg)
    return image


def _read_by_itk(header: TextHeader, most_voxels: int) -> tuple[SimpleITK.Image, bytes]:
    """Read the image, and give the sha256 that its voxels must have."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(header.path))
    reader.ReadImageInformation()
    shape = reader.GetSize()
    check_voxel_count(shape, header.path, most_voxels)
    _check_spacing(header, reader.GetSpacing())
    kind = SimpleITK.GetPixelIDValueAsString(reader.GetPixelID())
    numbers = 2 if kind.startswith("complex") else reader.GetNumberOfComponents()
    bits = re.search(r"(\d+)-bit", kind)
    item_bytes = numbers * (int(bits[1]) // 8 if bits else 0)
    promised = _digest(header, int(np.prod(shape, dtype=object)) * item_bytes)
    return reader.Execute(), promised


def _check_spacing(header: TextHeader, read_mm: tuple[float, ...]) -> None:
    """Hold what SimpleITK makes of the header to what it says."""
    said_mm = np.array(header.spacing_mm)
    is_sound = is_spacing(said_mm) and len(said_mm) == len(read_mm)
    if not is_sound or not np.allclose(said_mm, read_mm):
        msg = (
            f"{header.path.name}: Voxel spacing must be said for every axis, above zero and "
            f"below {LARGEST_MM:g}: got {said_mm.tolist()} for {len(read_mm)} axes. Convert "
            "the scanner's original again."
        )
        raise ScanError(msg)


def _digest(header: TextHeader, expected: int) -> bytes:
    """Give the sha256 of all voxels as stored, unpacked, and hold them to their count."""
    total, digest = 0, sha256()
    for file in header.files:
        with faults_told(file), file.open("rb") as stream:
            stream.seek(header.start if file == header.path else 0)
            for chunk in _unpacked(stream, header.packing):
                total += len(chunk)
                if total > expected:
                    check_size(header.path, expected, "more")
                digest.update(chunk)
    check_size(header.path, expected, total)
    return digest.digest()


def _unpacked(stream: IO[bytes], packing: str) -> Iterator[bytes]:
    if packing == "zlib":
        yield from _inflated(stream)
        return
    plain: Stream = gzip.GzipFile(fileobj=stream) if packing == "gzip" else stream
    while chunk := plain.read(_CHUNK_BYTES):
        yield chunk


def _inflated(stream: IO[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj()
    while not engine.eof:
        packed = engine.unconsumed_tail or stream.read(_CHUNK_BYTES)
        if not packed:
            raise EOFError
        yield engine.decompress(packed, _CHUNK_BYTES)
    yield engine.unused_data + stream.read(1)  # what is behind is more than was promised
