"""NRRD and MetaImage: what their headers, which are text, say and leave out.

SimpleITK fills in what a header does not say (a spacing of 1 mm, axes along the patient's) and
follows it to any file. So the text is read here first.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from pipeline.errors import ScanError
from pipeline.store.streams import faults_told, file_beside

_NRRD_ENDINGS = (".nrrd", ".nhdr")
_LONGEST_HEADER = 2**20
_AGAIN = "Convert the scanner's original again."
# Spaces of the patient (teem's NRRD definition, section 5.2); of others nobody knows the place.
_PATIENT = re.compile(
    r"(right|left)-(anterior|posterior)-superior|(ras|las|lps)", re.IGNORECASE
)
_LENGTHS_MM = {"", "?", "mm", "millimeter", "millimeters", "millimetre", "millimetres"}
_NUMBERED = re.compile(r"([^%\s]*%0?\d?d[^%\s]*)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+)?")


@dataclass(frozen=True, slots=True)
class TextHeader:
    """What the header of an NRRD or MetaImage file says.

    Parameters
    ----------
    fields
        Text by name; of NRRD in small letters, without blanks.
    files
        Where the voxels are: the file itself, or others in its folder.
    start
        First byte of the voxels in the file itself.
    packing
        ``raw``, ``gzip`` or ``zlib``.
    spacing_mm
        Of the axes that lie in space; empty where nothing says it.
    says_orientation
        Whether it says how the axes run in the patient.
    """

    path: Path
    fields: Mapping[str, str]
    files: tuple[Path, ...]
    start: int
    packing: str
    is_big_endian: bool
    spacing_mm: tuple[float, ...]
    says_orientation: bool


def is_text_header(path: Path) -> bool:
    """Whether a file is named as NRRD or MetaImage."""
    return path.name.lower().endswith((*_NRRD_ENDINGS, ".mha", ".mhd"))


def read_text_header(path: Path) -> TextHeader:
    """Read the header of an NRRD or MetaImage file.

    Raises
    ------
    ScanError
        If it is none, does not say the spacing, is not in mm, or names voxels that are packed
        otherwise than by gzip or zlib, or lie outside its folder.
    """
    with faults_told(path), path.open("rb") as file:
        read = _read_nrrd if path.name.lower().endswith(_NRRD_ENDINGS) else _read_metaimage
        return read(path, file)


def _read_nrrd(path: Path, file: IO[bytes]) -> TextHeader:
    if not file.readline(16).startswith(b"NRRD000"):
        raise ScanError(_no_header(path, "no 'NRRD000' at its start"))
    fields: dict[str, str] = {}
    listed: list[str] = []
    for line in _lines(path, file):
        if not line:
            break
        name, colon, text = line.partition(": ")
        if fields.get("datafile", "").startswith("LIST"):
            listed.append(line)
        elif colon and ":=" not in name:
            _add(fields, name.replace(" ", "").lower(), text, path)
    _check_units(path, *(fields.get(key, "") for key in ("spaceunits", "units")))
    skipped = [key for key in ("lineskip", "byteskip") if fields.get(key, "0").strip() != "0"]
    packing = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}.get(fields.get("encoding", ""))
    if packing is None or skipped:
        got = f"{skipped[0]!r}" if skipped else f"the encoding {fields.get('encoding', '')!r}"
        raise ScanError(_other_voxels(path, got))
    vectors = re.findall(r"\(([^()]*)\)", fields.get("spacedirections", ""))
    said = [_numbers(vector) for vector in vectors]
    spacing_mm = [float(np.linalg.norm(vector)) for vector in said]
    plain = [s for s in _numbers(fields.get("spacings", "")) if not np.isnan(s)]
    is_patient = bool(_PATIENT.fullmatch(fields.get("space", "").strip()))
    return TextHeader(
        path,
        fields,
        _files(path, fields.get("datafile", ""), listed),
        file.tell(),
        packing,
        fields.get("endian", "little").strip().lower() == "big",
        _said_spacing(spacing_mm or plain, path, "'spacings' and no 'space directions'"),
        is_patient and bool(said),
    )


def _read_metaimage(path: Path, file: IO[bytes]) -> TextHeader:
    fields: dict[str, str] = {}
    for line in _lines(path, file):
        found = re.fullmatch(r"\s*(\w+)\s*[=:]\s*(.*?)\s*", line)
        if found:
            _add(fields, found[1], found[2], path)
        if "ElementDataFile" in fields:
            break
    named = fields.get("ElementDataFile", "")
    if not named:
        raise ScanError(_no_header(path, "no 'ElementDataFile'"))
    start = file.tell()
    listed = list(_lines(path, file)) if named.startswith("LIST") else []
    _check_units(path, fields.get("DistanceUnits", ""))
    is_packed = fields.get("CompressedData", "").lower() in {"true", "1"}
    if "ElementType" not in fields:
        raise ScanError(_no_header(path, "no 'ElementType'"))
    if fields.get("BinaryData", "True").lower() not in {"true", "1"}:
        raise ScanError(_other_voxels(path, "voxels that are not binary"))
    if fields.get("HeaderSize", "0") != "0":
        raise ScanError(_other_voxels(path, "'HeaderSize'"))
    if is_packed and "CompressedDataSize" not in fields:
        raise ScanError(_other_voxels(path, "no 'CompressedDataSize' of those it compresses"))
    said = _numbers(fields.get("ElementSpacing", ""))
    spacing_mm = _said_spacing(said, path, "'ElementSpacing'")
    axes = len(_numbers(fields.get("DimSize", "")))
    if not (fields.get("NDims", "") == str(axes) == str(len(spacing_mm))):
        # or SimpleITK takes words of the next line for numbers, and complains aloud
        fact = (
            f"{axes} sizes and {len(spacing_mm)} spacings for {fields.get('NDims', 'no')} axes"
        )
        raise ScanError(_no_header(path, fact))
    orders = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    return TextHeader(
        path,
        fields,
        _files(path, "" if named.upper() == "LOCAL" else named, listed),
        start,
        "zlib" if is_packed else "raw",
        any(fields.get(key, "").lower() in {"true", "1"} for key in orders),
        spacing_mm,
        any(key in fields for key in ("TransformMatrix", "Rotation", "Orientation")),
    )


def _lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    """Give lines without their ends."""
    left = _LONGEST_HEADER
    while line := file.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise ScanError(_no_header(path, f"more than {_LONGEST_HEADER} bytes of text"))
        yield os.fsdecode(line).rstrip("\r\n")


def _add(fields: dict[str, str], name: str, text: str, path: Path) -> None:
    if name in fields:
        raise ScanError(_no_header(path, f"{name!r} twice"))
    fields[name] = text


def _no_header(path: Path, fact: str) -> str:
    return (
        f"{path.name}: An image must be what its ending says: got a header with {fact}. Copy "
        "or convert it again."
    )


def _other_voxels(path: Path, fact: str) -> str:
    return (
        f"{path.name}: Voxels must be stored as numbers alone, raw or gzip: got a header with "
        f"{fact}. Convert the file to .nii.gz with the program that wrote it."
    )


def _numbers(text: str) -> list[float]:
    """Give the numbers of a list; what is none counts as not said."""
    try:
        return [float(word) for word in re.split(r"[\s,]+", text.strip()) if word]
    except ValueError:
        return []


def _said_spacing(spacing_mm: list[float], path: Path, missing: str) -> tuple[float, ...]:
    if not spacing_mm:
        msg = (
            f"{path.name}: A header must say how far apart voxels are: got no {missing}. "
            f"{_AGAIN}"
        )
        raise ScanError(msg)
    return tuple(spacing_mm)


def _check_units(path: Path, *said: str) -> None:
    words = {w for text in said for w in re.findall(r'"([^"]*)"', text) or text.split()}
    others = sorted(words - _LENGTHS_MM)
    if others:
        msg = f"{path.name}: Positions must be in mm: got {others}. {_AGAIN}"
        raise ScanError(msg)


def _files(path: Path, named: str, listed: list[str]) -> tuple[Path, ...]:
    numbered = _NUMBERED.fullmatch(named.strip())
    if not named:
        return (path,)
    names: Iterable[str] = (named.strip(),)
    if named.startswith("LIST"):
        names = (name.strip() for name in listed if name.strip())
    elif numbered:
        first, last, step = (int(numbered[k]) for k in (2, 3, 4))
        names = (numbered[1] % k for k in range(first, last + 1, max(step, 1)))
    return tuple(file_beside(path, name) for name in names)
