"""Damaged MetaImage files, and what they hold by the format's definition (MetaIO)."""

import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from fuzzing.damage import Rng, chosen, damaged_bytes, damaged_lines, unpacked
from fuzzing.nifti import random_place, random_voxels, taken_in
from fuzzing.stored import Array, Stored, certain, held_to
from fuzzing.trial import Case
from pipeline.store.images import read_scan

_TYPES = {
    "MET_UCHAR": "u1",
    "MET_CHAR": "i1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_UNUSED = ("ObjectType", "CenterOfRotation", "AnatomicalOrientation")
_LPS = np.diag((-1.0, -1.0, 1.0, 1.0))
_MATRIX = ("TransformMatrix", "Orientation", "Rotation")
_OFFSET = ("Offset", "Position", "Origin")
_ORDER = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")


def make_metaimage(rng: Rng, folder: Path) -> Case:
    """Make a MetaImage file with up to two faults, its voxels in the same file or another."""
    kind = chosen(rng, tuple(_TYPES))
    is_big, is_packed = rng.random() < 0.3, rng.random() < 0.4
    shape, affine = random_place(rng)
    dtype = np.dtype(_TYPES[kind]).newbyteorder(">" if is_big else "<")
    small = "u1" if dtype.itemsize == 1 else "i4"
    body = random_voxels(shape, small, rng).astype(dtype).tobytes(order="F")
    path = folder / ("scan.mhd" if rng.random() < 0.3 else "scan.mha")
    done: list[str] = []
    data, is_sound = body, True
    if rng.random() < 0.25:
        data, how = damaged_bytes(data, rng)
        done, is_sound = [*done, how], False
    if is_packed:
        data = zlib.compress(data)
        if rng.random() < 0.3:
            data, how = damaged_bytes(data, rng)
            done, is_sound = [*done, f"packed {how}"], False
    fields = _fields(shape, affine, rng) | {
        "BinaryDataByteOrderMSB": str(is_big),
        "CompressedData": str(is_packed),
        **({"CompressedDataSize": str(len(data))} if is_packed else {}),
        "ElementType": kind,
        "ElementDataFile": "LOCAL" if path.suffix == ".mha" else "voxels.raw",
    }
    lines = [f"{name} = {value}".encode() for name, value in fields.items()]
    for _ in range(chosen(rng, (0, 1, 1, 1, 2)) if len(done) < 2 else 0):
        lines, how = damaged_lines(lines, rng)
        done, is_sound = [*done, how], False
    (folder.parent / "outside.raw").write_bytes(body)
    content = b"\n".join(lines) + b"\n"
    if path.suffix == ".mha":
        content += data
    else:
        (folder / "voxels.raw").write_bytes(data)
    if len(done) < 2 and rng.random() < 0.2:
        content, how = damaged_bytes(content, rng)
        done, is_sound = [*done, how], False
    path.write_bytes(content)
    judge = held_to(partial(judge_metaimage, path))
    read = partial(taken_in if rng.random() < 0.04 else read_scan, path)
    return Case(f"{path.name}: {'; '.join(done) or 'sound'}", read, judge, is_sound)


def _fields(shape: tuple[int, ...], affine: Array, rng: Rng) -> dict[str, str]:
    turned = _LPS @ affine
    spacing_mm = np.linalg.norm(turned[:3, :3], axis=0)
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "TransformMatrix": _words((turned[:3, :3] / spacing_mm).T.ravel()),
        "Offset": _words(turned[:3, 3]),
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": _words(spacing_mm),
        "DimSize": " ".join(map(str, shape)),
    }
    if rng.random() < 0.15:
        fields["DistanceUnits"] = "mm"
    if rng.random() < 0.15:
        fields["ElementNumberOfChannels"] = "1"
    return fields


def _words(values: Array) -> str:
    return " ".join(repr(float(v)) for v in values)


def judge_metaimage(path: Path) -> Stored:
    """Read a file by the format's definition, with numpy and zlib alone."""
    fields, data = _parsed(path.read_bytes())
    name = fields.get("ElementDataFile", "")
    if name.upper() != "LOCAL":
        certain(name and name != "LIST" and "%" not in name, f"its data are in {name!r}")
        beside = path.parent / name
        certain(beside.parent == path.parent and beside.is_file(), f"its data are in {name!r}")
        data = beside.read_bytes()
    count = _numbers(fields.get("NDims", ""), "NDims")
    certain([int(n) for n in count] == [3], f"NDims is {fields.get('NDims')}")
    certain(fields.get("ElementNumberOfChannels", "1") == "1", "it has several channels")
    certain(fields.get("HeaderSize", "0") == "0", "it skips bytes")
    sizes = _numbers(fields.get("DimSize", ""), "DimSize")
    certain(len(sizes) == 3 and min(sizes) >= 1, f"DimSize is {sizes}")
    certain(all(n == int(n) for n in sizes), f"DimSize is {sizes}")
    kind = _TYPES.get(fields.get("ElementType", "").upper())
    certain(kind, f"ElementType is {fields.get('ElementType')}")
    dtype = np.dtype(str(kind))
    orders = {_is_true(fields[name], name) for name in _ORDER if name in fields}
    certain(dtype.itemsize == 1 or len(orders) == 1, "it does not say its byte order")
    dtype = dtype.newbyteorder(">" if True in orders else "<")
    values = _values(data, fields, dtype, [int(n) for n in sizes])
    certain(np.isfinite(values.astype("f4")).all(), "it holds NaN or infinite values")
    return _placed(values.reshape([int(n) for n in sizes], order="F"), fields)


def _parsed(content: bytes) -> tuple[Mapping[str, str], bytes]:
    """Give the fields up to the one that says where the voxels are, and what follows."""
    fields: dict[str, str] = {}
    while content and "ElementDataFile" not in fields:
        line, _, content = content.partition(b"\n")
        name, mark, value = line.decode("latin-1").partition("=")
        name, value = name.strip(), value.strip()
        if not mark:
            certain(not name, f"the line {name[:40]!r} says nothing")
            continue
        is_same = fields.setdefault(name, value) == value
        certain(is_same or name in _UNUSED, f"it says {name[:40]} twice")
    return fields, content


def _values(data: bytes, fields: Mapping[str, str], dtype: np.dtype, sizes: list[int]) -> Array:
    count = int(np.prod(sizes, dtype=object))
    # by default ITK reads binary numbers, and text would rarely have the same length
    if not _is_true(fields.get("BinaryData", "True"), "BinaryData"):
        words = _numbers(data.decode("latin-1"), "data")
        certain(len(words) == count, f"it holds {len(words)} numbers")
        return np.array(words)
    if _is_true(fields.get("CompressedData", "False"), "CompressedData"):
        size = fields.get("CompressedDataSize", str(len(data)))
        certain(size == str(len(data)), f"CompressedDataSize is {size}, there are {len(data)}")
        data = _unpacked(data)
    left = len(data) - count * dtype.itemsize
    certain(left in (0, 1), f"{left} bytes are left over")
    return np.frombuffer(data, dtype, count).astype(float)


def _unpacked(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        whole = unpacked(data)
        certain(whole is not None, "its gzip stream is not whole")
        return whole or b""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data) + stream.flush()
    except zlib.error:
        content = b""
    certain(stream.eof and not stream.unused_data.strip(b"\0"), "its stream is not whole")
    return content


def _placed(voxels: Array, fields: Mapping[str, str]) -> Stored:
    unit = fields.get("DistanceUnits", "mm").lower()
    certain(unit in ("mm", "?", ""), f"its unit is {unit!r}")
    certain("ElementSpacing" in fields, "it does not say its spacing")
    spacing_mm = _numbers(fields["ElementSpacing"], "ElementSpacing")
    certain(len(spacing_mm) == 3 and min(spacing_mm) > 0, f"its spacing is {spacing_mm}")
    affine = np.eye(4)
    affine[:3, :3] = np.diag(spacing_mm)
    offset = next((fields[name] for name in _OFFSET if name in fields), "0 0 0")
    affine[:3, 3] = _triple(offset, "Offset")
    matrix = next((fields[name] for name in _MATRIX if name in fields), None)
    if matrix is None:
        return Stored(voxels, (_LPS @ affine,), is_doubtful=True)
    words = _numbers(matrix, "TransformMatrix")
    certain(len(words) == 9, f"TransformMatrix is {matrix[:60]!r}")
    turn = np.reshape(words, (3, 3)).T
    certain(abs(np.linalg.det(turn)) > 1e-3, "its directions are flat")
    lengths = np.linalg.norm(turn, axis=0)
    certain(np.allclose(lengths, 1, atol=0.01), f"its directions have the lengths {lengths}")
    affine[:3, :3] = turn * spacing_mm
    return Stored(voxels, (_LPS @ affine,))


def _triple(text: str, name: str) -> list[float]:
    words = _numbers(text, name)
    certain(len(words) == 3, f"{name} is {text[:60]!r}")
    return words


def _is_true(word: str, name: str) -> bool:
    certain(word.lower() in ("true", "false", "t", "f", "1", "0"), f"{name} is {word[:20]!r}")
    return word.lower() in ("true", "t", "1")


def _numbers(text: str, name: str) -> list[float]:
    words = text.split()
    try:
        values = [float(w) if w.isascii() and "_" not in w else float("nan") for w in words]
    except ValueError:
        values = [float("nan")]
    certain(np.isfinite(values).all(), f"{name} is {text[:60]!r}")
    return values
