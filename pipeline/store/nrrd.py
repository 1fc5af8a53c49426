"""NRRD headers, read as defined by teem.sourceforge.net/nrrd/format.html."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal

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

_FIELDS = {
    *("axismaxs", "axismins", "blocksize", "byteskip", "centerings", "centers", "content"),
    *("datafile", "dimension", "encoding", "endian", "kinds", "labels", "lineskip", "max"),
    *("measurementframe", "min", "number", "oldmax", "oldmin", "sampleunits", "sizes", "space"),
    *("spacedimension", "spacedirections", "spaceorigin", "spaceunits", "spacings"),
    *("thicknesses", "type", "units"),
}
_TYPES = {
    name: kind
    for kind, names in {
        "i1": "signed char,int8,int8_t",
        "u1": "uchar,unsigned char,uint8,uint8_t",
        "i2": "short,short int,signed short,signed short int,int16,int16_t",
        "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
        "i4": "int,signed int,int32,int32_t",
        "u4": "uint,unsigned int,uint32,uint32_t",
        "i8": "longlong,long long,long long int,signed long long,signed long long int,int64"
        ",int64_t",
        "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split(",")
}
_ORDERS: Mapping[str, Literal["<", ">"]] = {"little": "<", "big": ">"}
_PACKINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}
# Signs that convert the anatomical spaces (section 5.2) to RAS+.
_SPACES = {
    **dict.fromkeys(("right-anterior-superior", "ras"), (1.0, 1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las"), (-1.0, 1.0, 1.0)),
    **dict.fromkeys(("left-posterior-superior", "lps"), LPS),
}
# Their relation to the patient is unknown.
_OTHER_SPACES = {"", "scanner-xyz", "3d-right-handed", "3d-left-handed"}
_VECTOR = re.compile(r"\(([^()]*)\)|none\b")
_AXES = 3


def read_nrrd(path: Path, file: IO[bytes]) -> TextHeader:
    """Read the header of an NRRD file, up to the first byte of its voxels.

    Raises
    ------
    ScanError
        If it is invalid, or ambiguous about how voxels are stored and where they lie.
    """
    fields, notes, listed = _parsed(path, file)
    sizes = sizes_in(fields.get("sizes", ""), "sizes", path)
    if fields.get("dimension") != str(len(sizes)):
        fact = f"{len(sizes)} sizes for dimension {shown(fields.get('dimension', ''))}"
        raise ScanError(no_header(path, fact))
    packing = _PACKINGS.get(fields.get("encoding", "").lower())
    skipped = [key for key in ("lineskip", "byteskip") if fields.get(key, "0") != "0"]
    if packing is None or skipped:
        got = repr(skipped[0]) if skipped else _quoted("encoding", fields)
        raise ScanError(other_voxels(path, got))
    space = fields.get("space", "").lower()
    if space not in {*_SPACES, *_OTHER_SPACES}:
        raise ScanError(no_header(path, _quoted("space", fields)))
    check_units(path, fields.get("spaceunits", ""), fields.get("units", ""))
    vectors = _vectors(fields, len(sizes), path)
    check_axes(tuple(n for n, v in zip(sizes, vectors, strict=True) if v), path)
    origin = _origin(fields, path)
    affine = placed([v for v in vectors if v], origin, _SPACES.get(space, LPS))
    check_place(affine, path)
    return TextHeader(
        path,
        notes,
        voxel_files(path, fields.get("datafile"), listed),
        file.tell(),
        packing,
        _dtype(fields, path),
        sizes,
        tuple(k for k, v in enumerate(vectors) if not v),
        affine,
        space in _SPACES and "spacedirections" in fields,
    )


def _parsed(path: Path, file: IO[bytes]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Return fields by name (lower case, without blanks), notes, and listed files."""
    if not re.fullmatch(rb"NRRD000[1-5]\r?\n", file.readline(16)):
        raise ScanError(no_header(path, "no 'NRRD0001' to 'NRRD0005' at its start"))
    fields: dict[str, str] = {}
    notes: dict[str, str] = {}
    listed: list[str] = []
    for line in text_lines(path, file):
        if not line:
            break
        name, colon, text = line.partition(": ")
        key = name.lower().replace(" ", "") if name == name.strip() else ""
        if is_list(fields.get("datafile", "")):
            listed.append(line)
        elif colon and key in _FIELDS:
            add_field(fields, key, text, path)
        elif ":=" in line:
            note, _, text = line.partition(":=")
            add_field(notes, note, text, path)
        elif not line.startswith("#"):
            raise ScanError(no_header(path, f"the line {shown(line)}"))
    return fields, notes, listed


def _vectors(fields: dict[str, str], axes: int, path: Path) -> list[list[float] | None]:
    """Return the step (mm) along each axis; None for a non-spatial axis."""
    text = fields.get("spacedirections")
    if text is None:
        words = fields.get("spacings", "").split()
        steps = [None if w.lower() == "nan" else numbers_in(w) or [np.nan] for w in words]
        spacing_mm = [v[0] for v in steps if v]
    else:
        steps = [None if v[1] is None else numbers_in(v[1]) for v in _VECTOR.finditer(text)]
        is_whole = not _VECTOR.sub("", text).strip()
        if not is_whole or "spacings" in fields or any(v and len(v) != _AXES for v in steps):
            raise ScanError(no_header(path, _quoted("space directions", fields)))
        spacing_mm = [float(np.linalg.norm(v)) for v in steps if v is not None]
    least = min(axes, _AXES)
    missing = "'spacings' and no 'space directions'"
    check_spacing(spacing_mm, max(least, len(spacing_mm)), missing, path)
    if len(steps) != axes:
        raise ScanError(no_header(path, f"steps along {len(steps)} of {axes} axes"))
    if text is not None:
        return steps
    units = iter(np.eye(_AXES).tolist() * axes)
    return [v and [v[0] * part for part in next(units)] for v in steps]


def _origin(fields: dict[str, str], path: Path) -> list[float]:
    text = fields.get("spaceorigin", "(0,0,0)")
    found = _VECTOR.fullmatch(text)
    origin = numbers_in(found[1] or "") if found else []
    if len(origin) != _AXES:
        raise ScanError(no_header(path, _quoted("space origin", fields)))
    return origin


def _dtype(fields: dict[str, str], path: Path) -> np.dtype[Any]:
    kind = _TYPES.get(fields.get("type", "").lower())
    if kind is None:
        raise ScanError(other_voxels(path, _quoted("type", fields)))
    dtype = np.dtype(kind)
    order = _ORDERS.get(fields.get("endian", "little" if dtype.itemsize == 1 else "").lower())
    if order is None:
        raise ScanError(other_voxels(path, _quoted("endian", fields)))
    return dtype.newbyteorder(order)


def _quoted(name: str, fields: dict[str, str]) -> str:
    text = fields.get(name.replace(" ", ""))
    return f"no {name!r}" if text is None else f"the {name} {shown(text)}"
