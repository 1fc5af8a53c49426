"""Reading of NRRD and MetaImage files, whose headers are text."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.store.metaimage import read_metaimage
from pipeline.store.nrrd import read_nrrd
from pipeline.store.streams import Stream, as_scan_errors, check_size, check_voxel_count
from pipeline.store.text_headers import TextHeader

_NRRD_ENDINGS = (".nrrd", ".nhdr")
_CHUNK_BYTES = 2**20
# Accepts both zlib and gzip streams, as ITK does.
_ZLIB_OR_GZIP = 47


def is_text_image(path: Path) -> bool:
    """Whether a file is named as NRRD or MetaImage."""
    return path.name.lower().endswith((*_NRRD_ENDINGS, ".mha", ".mhd"))


def read_text_header(path: Path) -> TextHeader:
    """Read the header of an NRRD or MetaImage file.

    Raises
    ------
    ScanError
        If it is invalid, does not state how voxels are stored, their spacing and their
        positions, is not in mm, or names voxels that are compressed other than by gzip or
        zlib, or lie outside its folder.
    """
    with as_scan_errors(path), path.open("rb") as file:
        read = read_nrrd if path.name.lower().endswith(_NRRD_ENDINGS) else read_metaimage
        return read(path, file)


def read_voxels(header: TextHeader, most_voxels: int) -> NDArray[Any]:
    """Read all voxels: three spatial axes, then the values of each voxel.

    Raises
    ------
    ScanError
        If there are more than `most_voxels`, or the file is damaged or its size is not the
        one that its header implies.
    """
    in_space = [k for k in range(len(header.sizes)) if k not in header.number_axes]
    order = (*in_space, *header.number_axes)
    shape = tuple(header.sizes[k] for k in order)
    check_voxel_count(shape, header.path, most_voxels)
    expected = int(np.prod(header.sizes, dtype=object)) * header.dtype.itemsize
    content = bytearray()
    for file in header.files:
        with as_scan_errors(file), file.open("rb") as stream:
            stream.seek(header.start if file == header.path else 0)
            for chunk in _unpacked(stream, header.packing):
                content += chunk
                if len(content) > expected:
                    check_size(header.path, expected, "more")
    check_size(header.path, expected, len(content))
    stored = np.frombuffer(content, header.dtype).reshape(header.sizes, order="F")
    native = stored.astype(header.dtype.newbyteorder("="), copy=False)
    return native.transpose(order).reshape(*shape[:3], -1)


def _unpacked(stream: IO[bytes], packing: str) -> Iterator[bytes]:
    if packing == "zlib":
        yield from _inflated(stream)
        return
    plain: Stream = gzip.GzipFile(fileobj=stream) if packing == "gzip" else stream
    while chunk := plain.read(_CHUNK_BYTES):
        yield chunk


def _inflated(stream: IO[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(_ZLIB_OR_GZIP)
    while not engine.eof:
        packed = engine.unconsumed_tail or stream.read(_CHUNK_BYTES)
        if not packed:
            raise EOFError
        yield engine.decompress(packed, _CHUNK_BYTES)
    yield engine.unused_data + stream.read(1)  # any rest is more than the header implies
