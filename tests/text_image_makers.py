"""Small NRRD and MetaImage files."""

from pathlib import Path

import numpy as np

VOXELS = np.random.default_rng(6).integers(0, 900, (7, 6, 5)).astype("<i2")
"""Slices, rows, columns; 420 bytes."""
SPACE = "space: LPS\nspace directions: (0.5,0,0) (0,0.7,0) (0,0,3)\n"
MATRIX = "TransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 0.5 0.7 3\n"


def write_nrrd(
    path: Path,
    fields: str = SPACE,
    content: bytes = VOXELS.tobytes(),
    *,
    packing: str = "raw",
    endian: str = "little",
) -> Path:
    """Write an NRRD file of 5 x 6 x 7 voxels."""
    header = (
        f"NRRD0005\n# made\ntype: short\ndimension: 3\nsizes: 5 6 7\nencoding: {packing}\n"
        f"endian: {endian}\n{fields}\n"
    )
    path.write_bytes(header.encode() + content)
    return path


def write_metaimage(
    path: Path, fields: str = MATRIX, content: bytes = VOXELS.tobytes(), *, named: str = "LOCAL"
) -> Path:
    """Write a MetaImage file of 5 x 6 x 7 voxels."""
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"{fields}DimSize = 5 6 7\nElementType = MET_SHORT\nElementDataFile = {named}\n"
    )
    path.write_bytes(header.encode() + content)
    return path


def compressed_fields(content: bytes) -> str:
    """Say how long compressed voxels are."""
    return f"{MATRIX}CompressedData = True\nCompressedDataSize = {len(content)}\n"


def canonical_voxels() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Give the voxels in canonical order, as LPS axes run."""
    return VOXELS.T[::-1, ::-1].astype(np.float32)


def damaged(content: bytes, place: int) -> bytes:
    """Flip one bit."""
    copy = bytearray(content)
    copy[place] ^= 1
    return bytes(copy)
