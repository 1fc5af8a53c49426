"""Damaged NRRD files, and what they hold by the format's definition (teem, NRRD0001 to 5)."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from fuzzing.damage import (
    Rng,
    broken_gzip,
    chosen,
    damaged_bytes,
    damaged_lines,
    sound_gzip,
    unpacked,
)
from fuzzing.nifti import random_place, random_voxels, taken_in
from fuzzing.stored import Array, Stored, certain, held_to
from fuzzing.trial import Case
from pipeline.store.images import read_scan

_TYPES = {
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("short", "short int", "signed short", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    "float": "f4",
    "double": "f8",
}
# Signs that turn a space into RAS+.
_SPACES = {
    **dict.fromkeys(("right-anterior-superior", "ras", "scanner-xyz"), (1, 1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (-1, 1, 1)),
    **dict.fromkeys(("left-posterior-superior", "lps"), (-1, -1, 1)),
}
_FIELDS = {
    *("type", "dimension", "sizes", "space", "space dimension", "space directions", "endian"),
    *("space origin", "spacings", "encoding", "data file", "byte skip", "line skip", "kinds"),
    *("space units", "centers", "centerings", "labels", "content", "units", "thicknesses"),
}


def make_nrrd(rng: Rng, folder: Path) -> Case:
    """Make a NRRD file with up to two faults, its voxels in the same file or another."""
    kind = chosen(rng, ("uint8", "short", "unsigned short", "int", "float", "double"))
    order = chosen(rng, ("little", "little", "big"))
    shape, affine = random_place(rng)
    dtype = np.dtype(_TYPES[kind]).newbyteorder("<" if order == "little" else ">")
    body = random_voxels(shape, "u1" if kind == "uint8" else "i4", rng).astype(dtype)
    is_packed, is_beside = rng.random() < 0.5, rng.random() < 0.2
    fields = _fields(shape, affine, rng) | {
        "type": kind,
        "endian": order,
        "encoding": "gzip" if is_packed else "raw",
    }
    if is_beside:
        fields["data file"] = "voxels.raw"
    lines = [f"{name}: {value}".encode() for name, value in fields.items()]
    lines[:0] = [b"NRRD0004", b"# made"]
    done = []
    for _ in range(chosen(rng, (0, 1, 1, 1, 2))):
        lines, how = damaged_lines(lines, rng)
        done.append(how)
    data, is_sound = body.tobytes(order="F"), not done
    if len(done) < 2 and rng.random() < 0.3:
        data, how = damaged_bytes(data, rng)
        done, is_sound = [*done, how], False
    if is_packed:
        is_bad = len(done) < 2 and rng.random() < 0.3
        data, how = (broken_gzip if is_bad else sound_gzip)(data, rng)
        done, is_sound = [*done, how], is_sound and how == "gzip"
    (folder.parent / "outside.raw").write_bytes(body.tobytes(order="F"))
    head = chosen(rng, (b"\n", b"\n", b"\r\n")).join(lines) + b"\n"
    path = folder / ("scan.nhdr" if is_beside else "scan.nrrd")
    if is_beside:
        path.write_bytes(head)
        (folder / "voxels.raw").write_bytes(data)
    else:
        content = head + b"\n" + data
        if len(done) < 2 and rng.random() < 0.2:
            content, how = damaged_bytes(content, rng)
            done, is_sound = [*done, how], False
        path.write_bytes(content)
    judge = held_to(partial(judge_nrrd, path))
    read = partial(taken_in if rng.random() < 0.04 else read_scan, path)
    return Case(f"{path.name}: {'; '.join(done)}", read, judge, is_sound)


def _fields(shape: tuple[int, ...], affine: Array, rng: Rng) -> dict[str, str]:
    space = chosen(rng, ("left-posterior-superior", "LPS", "right-anterior-superior", "RAS"))
    turned = np.diag((*_SPACES[space.lower()], 1)) @ affine
    fields = {
        "dimension": "3",
        "space": space,
        "sizes": " ".join(map(str, shape)),
        "space directions": " ".join(_vector(column) for column in turned[:3, :3].T),
        "kinds": "domain domain domain",
        "space origin": _vector(turned[:3, 3]),
    }
    if rng.random() < 0.2:
        fields["space units"] = '"mm" "mm" "mm"'
    return fields


def _vector(values: Array) -> str:
    return f"({','.join(repr(float(v)) for v in values)})"


def judge_nrrd(path: Path) -> Stored:
    """Read a file by the format's definition, with numpy and zlib alone."""
    content = path.read_bytes()
    certain(content[:7] == b"NRRD000" and content[7:8] in b"12345", "it has no NRRD magic")
    lines, data = _split(content)
    fields = _parsed(lines)
    needed = {"type", "dimension", "sizes", "encoding"} - {*fields}
    certain(not needed, f"it does not say {needed}")
    certain(fields["dimension"] == "3", f"its dimension is {fields['dimension']}")
    sizes = [_whole(word) for word in fields["sizes"].split()]
    certain(len(sizes) == 3 and min(sizes) > 0, f"its sizes are {sizes}")
    kind = _TYPES.get(fields["type"].lower())
    certain(kind, f"its type is {fields['type']!r}")
    dtype = np.dtype(str(kind))
    order = fields.get("endian", "" if dtype.itemsize > 1 else "little").lower()
    certain(order in ("little", "big"), f"its endian is {order!r}")
    dtype = dtype.newbyteorder("<" if order == "little" else ">")
    name = fields.get("data file") or fields.get("datafile")
    if name is not None:
        beside = path.parent / name
        certain(beside.parent == path.parent and beside.is_file(), f"its data are in {name!r}")
        data = beside.read_bytes()
    stored = _values(data, fields, dtype, sizes)
    voxels = stored.reshape(sizes, order="F").astype(float)
    certain(np.isfinite(voxels.astype("f4")).all(), "it holds NaN or infinite values")
    return _placed(voxels, fields)


def _split(content: bytes) -> tuple[list[str], bytes]:
    lines = []
    while content:
        line, _, content = content.partition(b"\n")
        if line in (b"", b"\r"):
            break
        lines.append(line.rstrip(b"\r").decode("latin-1"))
    return lines[1:], content


def _parsed(lines: list[str]) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith("#") or ":=" in line:
            continue
        name, mark, value = line.partition(": ")
        name, value = name.lower(), value.strip()
        certain(mark, f"the line {line[:40]!r} says nothing")
        certain(name in _FIELDS | {"datafile"}, f"there is no field {name[:40]!r}")
        certain(fields.setdefault(name, value) == value, f"it says {name} twice")
    return fields


def _whole(word: str) -> int:
    certain(word.isascii() and word.isdigit() and len(word) < 10, f"{word[:20]!r} is no size")
    return int(word)


def _values(data: bytes, fields: Mapping[str, str], dtype: np.dtype, sizes: list[int]) -> Array:
    certain({"line skip", "byte skip"}.isdisjoint(fields), "it skips bytes")
    encoding = fields["encoding"].lower()
    certain(encoding in ("raw", "gzip", "gz"), f"its encoding is {encoding!r}")
    if encoding != "raw":
        whole = unpacked(data)
        certain(whole is not None, "its gzip stream is not whole")
        data = whole or b""
    count = int(np.prod(sizes, dtype=object))
    left = len(data) - count * dtype.itemsize
    certain(left in (0, 1), f"{left} bytes are left over")
    return np.frombuffer(data, dtype, count)


def _placed(voxels: Array, fields: Mapping[str, str]) -> Stored:
    units = fields.get("space units", '"mm"').replace('"', " ").split()
    certain({*units} == {"mm"}, f"its units are {units}")
    origin = _vectors(fields.get("space origin", "(0,0,0)"), 1)[0]
    space = fields.get("space", "").lower()
    affine = np.eye(4)
    affine[:3, 3] = origin
    if "space directions" in fields:
        affine[:3, :3] = np.array(_vectors(fields["space directions"], 3)).T
        spacing_mm = np.linalg.norm(affine[:3, :3], axis=0)
        certain("spacings" not in fields, "it says spacings and directions")
        flat = abs(np.linalg.det(affine[:3, :3] / spacing_mm))
        certain(flat > 1e-3, "its directions are flat")
    else:
        spacings = [_number(word) for word in fields.get("spacings", "").split()]
        certain(len(spacings) == 3 and min(spacings) > 0, f"its spacings are {spacings}")
        affine[:3, :3] = np.diag(spacings)
        space = ""
    if space:
        certain(space in _SPACES, f"its space is {space!r}")
        return Stored(voxels, (np.diag((*_SPACES[space], 1)) @ affine,))
    turns = [np.diag((*signs, 1)) @ affine for signs in {*_SPACES.values()}]
    return Stored(voxels, tuple(turns), is_doubtful=True)


def _vectors(text: str, count: int) -> list[list[float]]:
    parts = text.replace(" ", "").removeprefix("(").removesuffix(")").split(")(")
    vectors = [[_number(word) for word in part.split(",")] for part in parts]
    certain([len(v) for v in vectors] == [3] * count, f"its vectors are {text[:60]!r}")
    return vectors


def _number(word: str) -> float:
    try:
        value = float(word) if word.isascii() and "_" not in word else float("nan")
    except ValueError:
        value = float("nan")
    certain(np.isfinite(value), f"{word[:20]!r} is no number")
    return value
