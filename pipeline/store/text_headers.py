"""Parts that the text headers of NRRD and MetaImage files have in common.

They are read as the formats define them, and anything ambiguous is refused: libraries fill in
what is missing (a spacing of 1 mm, axes along the patient's) and crash at absurd numbers.
"""

import os
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ScanError
from pipeline.store.header_fields import FARTHEST_MM, LARGEST_MM, is_spacing
from pipeline.store.streams import file_beside

LPS = (-1.0, -1.0, 1.0)
_LONGEST_HEADER = 2**20
_AGAIN = "Convert the scanner's original again."
_LENGTHS_MM = {"?", "mm", "millimeter", "millimeters", "millimetre", "millimetres"}
_NUMBERED = re.compile(r"([^%\s]*%0?\d?d[^%\s]*)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+)?")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_SIZE = re.compile(r"\d{1,9}", re.ASCII)
# Volume of a unit cell below which its edges count as coplanar.
_LEAST_VOLUME = 1e-3
_AXES = 3


@dataclass(frozen=True, slots=True, eq=False)
class TextHeader:
    """The content of the header of an NRRD or MetaImage file.

    Parameters
    ----------
    notes
        Key/value pairs, which NRRD has in addition to its fields.
    files
        Files of the voxels: the file itself, or others in its folder.
    start
        Offset of the voxels in the file itself.
    packing
        ``raw``, ``gzip`` or ``zlib``.
    dtype
        Type of one value, with its byte order.
    sizes
        Sizes of all axes, the fastest first.
    number_axes
        Non-spatial axes, along which a voxel has several values.
    affine
        Index along the three spatial axes to world position, in mm, RAS+.
    says_orientation
        Whether the header states how the axes run in the patient.
    """

    path: Path
    notes: Mapping[str, str]
    files: tuple[Path, ...]
    start: int
    packing: str
    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    number_axes: tuple[int, ...]
    affine: NDArray[np.float64]
    says_orientation: bool


def text_lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    """Yield lines without their line breaks.

    Raises
    ------
    ScanError
        If there is more text than a header can have.
    """
    left = _LONGEST_HEADER
    while line := file.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise ScanError(no_header(path, f"more than {_LONGEST_HEADER} bytes of text"))
        yield os.fsdecode(line).rstrip("\r\n")


def add_field(fields: dict[str, str], name: str, text: str, path: Path) -> None:
    """Add a field, which must be new.

    Raises
    ------
    ScanError
        If it exists already.
    """
    if name in fields:
        raise ScanError(no_header(path, f"{shown(name)} twice"))
    fields[name] = text.strip()


def shown(text: str) -> str:
    """Quote text of any length."""
    return reprlib.repr(text)


def no_header(path: Path, fact: str) -> str:
    """Say that a header is not valid in its format."""
    return (
        f"{path.name}: An image must be of the format that its extension names: got a header "
        f"with {fact}. Copy or convert it again."
    )


def other_voxels(path: Path, fact: str) -> str:
    """Say that voxels are stored in a way that is not supported."""
    return (
        f"{path.name}: Voxels must be stored as plain numbers, raw or gzip: got a header with "
        f"{fact}. Convert the file to .nii.gz with the program that wrote it."
    )


def numbers_in(text: str) -> list[float]:
    """Return the numbers of a list; empty if it contains anything else."""
    words = re.split(r"\s*,\s*|\s+", text.strip())
    values = [float(word) for word in words if _NUMBER.fullmatch(word)]
    return values if len(values) == len(words) and np.isfinite(values).all() else []


def sizes_in(text: str, name: str, path: Path) -> tuple[int, ...]:
    """Return the sizes of all axes.

    Raises
    ------
    ScanError
        If one is not a positive integer.
    """
    sizes = [int(word) if _SIZE.fullmatch(word) else 0 for word in text.split()]
    if not sizes or min(sizes) < 1:
        raise ScanError(no_header(path, f"the {name} {shown(text)}"))
    return tuple(sizes)


def placed(
    vectors: Sequence[Sequence[float]], origin: Sequence[float], signs: Sequence[float]
) -> NDArray[np.float64]:
    """Return the affine (RAS+) of axes and an origin; `signs` convert their space to RAS+."""
    affine = np.eye(4)
    affine[:3, :3] = np.transpose(vectors)
    affine[:3, 3] = origin
    return np.diag((*signs, 1.0)) @ affine


def check_place(affine: NDArray[np.float64], path: Path) -> None:
    """Refuse an affine with coplanar axes, or an origin outside any scanner.

    Raises
    ------
    ScanError
        With the axes or the origin.
    """
    edges_mm = np.linalg.norm(affine[:3, :3], axis=0)
    if abs(np.linalg.det(affine[:3, :3] / edges_mm)) < _LEAST_VOLUME:
        msg = (
            f"{path.name}: Axes must run in three directions: got "
            f"{affine[:3, :3].T.round(4).tolist()}. {_AGAIN}"
        )
        raise ScanError(msg)
    if not (np.abs(affine[:3, 3]) < FARTHEST_MM).all():
        msg = (
            f"{path.name}: Voxels must lie within a scanner: got the origin "
            f"{(affine[:3, 3] + 0.0).tolist()} mm (RAS+). {_AGAIN}"
        )
        raise ScanError(msg)


def check_spacing(spacing_mm: Sequence[float], axes: int, missing: str, path: Path) -> None:
    """Refuse spacing that is missing or invalid.

    Parameters
    ----------
    missing
        Field that is missing.

    Raises
    ------
    ScanError
        With the spacing.
    """
    if not spacing_mm:
        msg = f"{path.name}: A header must state the voxel spacing: got no {missing}. {_AGAIN}"
        raise ScanError(msg)
    if not is_spacing(np.array(spacing_mm)) or len(spacing_mm) != axes:
        msg = (
            f"{path.name}: Voxel spacing must be stated for every axis, above zero and below "
            f"{LARGEST_MM:g}: got {list(spacing_mm)[:8]} for {axes} axes. {_AGAIN}"
        )
        raise ScanError(msg)


def check_axes(sizes: tuple[int, ...], path: Path) -> None:
    """Refuse other than three spatial axes.

    Raises
    ------
    ScanError
        With the sizes along them.
    """
    if len(sizes) != _AXES:
        msg = (
            f"{path.name}: A scan must be a 3-D volume of several slices: got {sizes[:8]}. "
            "Give the whole stack."
        )
        raise ScanError(msg)


def check_units(path: Path, *units: str) -> None:
    """Refuse lengths in other units than mm.

    Raises
    ------
    ScanError
        Naming the units.
    """
    words = {word for text in units for word in text.replace('"', " ").split()}
    others = sorted(words - _LENGTHS_MM)
    if others:
        msg = f"{path.name}: Positions must be in mm: got {reprlib.repr(others)}. {_AGAIN}"
        raise ScanError(msg)


def voxel_files(path: Path, named: str | None, listed: list[str]) -> tuple[Path, ...]:
    """Return the files of the voxels in order; the header's own file if it names none.

    Parameters
    ----------
    named
        A file name, ``LIST``, or a pattern with its first and last number and step.
    listed
        File names of a ``LIST``.

    Raises
    ------
    ScanError
        If one is missing, or lies outside the header's folder.
    """
    if named is None:
        return (path,)
    names: Iterable[str] = (named,)
    if is_list(named):
        names = (name.strip() for name in listed if name.strip())
    elif numbered := _NUMBERED.fullmatch(named):
        first, last, step = (int(numbered[k]) for k in (2, 3, 4))
        names = (numbered[1] % k for k in range(first, last + 1, max(step, 1)))
    return tuple(file_beside(path, name) for name in names)


def is_list(named: str) -> bool:
    """Whether the following lines name the files of the voxels."""
    return named.split()[:1] == ["LIST"]
