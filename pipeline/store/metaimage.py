"""MetaImage headers, read as MetaIO defines them (the library of ITK)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from pipeline.errors import ScanError
from pipeline.store.text_headers import (
    LPS,
    TextHeader,
    add_field,
    check_axes,
    check_place,
    check_spacing,
    check_units,
    is_list,
    no_header,
    numbers_in,
    other_voxels,
    placed,
    shown,
    sizes_in,
    text_lines,
    voxel_files,
)

_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
# Any other value means that more or other than plain voxels is stored.
_PLAIN = {
    "HeaderSize": 0,
    "ElementToIntensityFunctionSlope": 1,
    "ElementToIntensityFunctionOffset": 0,
}
_FLAGS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")
_ORDER = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
# Tolerance of a direction's length, which headers round.
_TOLERANCE = 0.01
Fields = Mapping[str, str]


def read_metaimage(path: Path, file: IO[bytes]) -> TextHeader:
    """Read the header of a MetaImage file, up to the first byte of its voxels.

    Raises
    ------
    ScanError
        If it is invalid, or ambiguous about how voxels are stored and where they lie.
    """
    fields = _parsed(path, file)
    start, named = file.tell(), fields["ElementDataFile"]
    listed = list(text_lines(path, file)) if is_list(named) else []
    sizes = sizes_in(fields.get("DimSize", ""), "DimSize", path)
    check_units(path, fields.get("DistanceUnits", ""))
    spacing_mm = numbers_in(fields.get("ElementSpacing", ""))
    check_spacing(spacing_mm, len(sizes), "'ElementSpacing'", path)
    if fields.get("NDims") != str(len(sizes)):
        fact = f"{len(sizes)} sizes for {shown(fields.get('NDims', 'no'))} axes"
        raise ScanError(no_header(path, fact))
    check_axes(sizes[:3] if len(sizes) == 4 else sizes, path)
    (channels,) = sizes_in(
        fields.get("ElementNumberOfChannels", "1"), "ElementNumberOfChannels", path
    )[:1]
    vectors, says_orientation = _vectors(fields, spacing_mm, path)
    origin = _values(fields, _ORIGIN, len(sizes), path) or [0.0] * 3
    affine = placed(vectors, origin[:3], LPS)
    check_place(affine, path)
    files = voxel_files(path, None if named.upper() == "LOCAL" else named, listed)
    return TextHeader(
        path,
        {},
        files,
        start,
        _packing(fields, files, start, path),
        _dtype(fields, path),
        (channels, *sizes),
        (0, 4)[: len(sizes) - 2],
        affine,
        says_orientation,
    )


def _parsed(path: Path, file: IO[bytes]) -> Fields:
    fields: dict[str, str] = {}
    for line in text_lines(path, file):
        found = re.fullmatch(r"\s*([^=:]+?)\s*[=:](.*)", line)
        if found:
            add_field(fields, found[1], found[2], path)
        elif line.strip():
            raise ScanError(no_header(path, f"the line {shown(line)}"))
        if fields.get("ElementDataFile"):
            return fields
    raise ScanError(no_header(path, "no 'ElementDataFile'"))


def _one_of(fields: Fields, names: Sequence[str], path: Path) -> str | None:
    """Return the text under any of several names; if there are more, they must agree."""
    values = {fields[name] for name in names if name in fields}
    if len(values) > 1:
        raise ScanError(no_header(path, f"two values of {names[0]!r} under different names"))
    return values.pop() if values else None


def _values(fields: Fields, names: Sequence[str], count: int, path: Path) -> list[float] | None:
    text = _one_of(fields, names, path)
    if text is None:
        return None
    values = numbers_in(text)
    if len(values) != count:
        raise ScanError(no_header(path, f"the {names[0]} {shown(text)}"))
    return values


def _flag(name: str, text: str, path: Path) -> bool:
    if text.lower() not in _FLAGS:
        raise ScanError(no_header(path, f"the {name} {shown(text)}"))
    return _FLAGS[text.lower()]


def _vectors(
    fields: Fields, spacing_mm: list[float], path: Path
) -> tuple[list[list[float]], bool]:
    """Return the step (mm, LPS) along each spatial axis, and whether directions are given."""
    axes = len(spacing_mm)
    matrix = _values(fields, _MATRIX, axes * axes, path)
    rotation = np.eye(3) if matrix is None else np.reshape(matrix, (axes, axes))[:3, :3]
    lengths = np.linalg.norm(rotation, axis=1)
    if not np.allclose(lengths, 1, rtol=0, atol=_TOLERANCE):
        fact = f"directions of the lengths {lengths.round(4).tolist()}, not 1"
        raise ScanError(no_header(path, fact))
    return (rotation * np.array(spacing_mm[:3])[:, np.newaxis]).tolist(), matrix is not None


def _packing(fields: Fields, files: Sequence[Path], start: int, path: Path) -> str:
    if not _flag("BinaryData", fields.get("BinaryData", "True"), path):
        raise ScanError(other_voxels(path, "voxels that are not binary"))
    for name, plain in _PLAIN.items():
        if name in fields and numbers_in(fields[name]) != [plain]:
            raise ScanError(other_voxels(path, f"the {name} {shown(fields[name])}"))
    if not _flag("CompressedData", fields.get("CompressedData", "False"), path):
        return "raw"
    there = sum(file.stat().st_size - start * (file == path) for file in files)
    size = fields.get("CompressedDataSize", str(there))
    if size != str(there):
        fact = f"the CompressedDataSize {shown(size)} for {there} bytes"
        raise ScanError(no_header(path, fact))
    return "zlib"


def _dtype(fields: Fields, path: Path) -> np.dtype[Any]:
    kind = _TYPES.get(fields.get("ElementType", "").upper())
    if kind is None:
        fact = f"the ElementType {shown(fields.get('ElementType', ''))}"
        raise ScanError(other_voxels(path, fact))
    dtype, order = np.dtype(kind), _one_of(fields, _ORDER, path)
    if order is None and dtype.itemsize > 1:
        raise ScanError(other_voxels(path, f"no {_ORDER[0]!r}"))
    is_big = order is not None and _flag(_ORDER[0], order, path)
    return dtype.newbyteorder(">" if is_big else "<")
