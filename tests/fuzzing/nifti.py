"""Damaged NIfTI files, and what they hold by the standard (nifti1.h, nifti2.h)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.spatial.transform import Rotation

from fuzzing.damage import (
    Rng,
    broken_gzip,
    chosen,
    damaged_bytes,
    odd_number,
    sound_gzip,
    unpacked,
)
from fuzzing.stored import Array, Stored, certain, held_to
from fuzzing.trial import Case, through_command_line
from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.store.images import read_labels, read_scan


def _layout(fields: str) -> np.dtype:
    """Lay out a header of fields named with their type and count, such as ``dim:8i2``."""
    kinds = [field.split(":") for field in fields.split()]
    return np.dtype([(name, kind) for name, kind in kinds])


NIFTI1 = _layout(
    "sizeof_hdr:i4 free:V35 dim_info:u1 dim:8i2 intent_p:3f4 intent_code:i2 datatype:i2 "
    "bitpix:i2 slice_start:i2 pixdim:8f4 vox_offset:f4 scl_slope:f4 scl_inter:f4 slice_end:i2 "
    "slice_code:u1 xyzt_units:u1 cal_max:f4 cal_min:f4 slice_duration:f4 toffset:f4 glmax:i4 "
    "glmin:i4 descrip:V80 aux_file:V24 qform_code:i2 sform_code:i2 quatern:3f4 qoffset:3f4 "
    "srow:(3,4)f4 intent_name:V16 magic:V4"
)
NIFTI2 = _layout(
    "sizeof_hdr:i4 magic:V8 datatype:i2 bitpix:i2 dim:8i8 intent_p:3f8 pixdim:8f8 "
    "vox_offset:i8 scl_slope:f8 scl_inter:f8 cal_max:f8 cal_min:f8 slice_duration:f8 "
    "toffset:f8 slice_start:i8 slice_end:i8 descrip:V80 aux_file:V24 qform_code:i4 "
    "sform_code:i4 quatern:3f8 qoffset:3f8 srow:(3,4)f8 slice_code:i4 xyzt_units:i4 "
    "intent_code:i4 intent_name:V16 dim_info:u1 free:V15"
)
_MAGIC_2 = b"n+2\0\r\n\x1a\n"
_CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768}
_TYPES = {code: kind for kind, code in _CODES.items()} | {1024: "i8", 1280: "u8"}
_UNUSED = ("free", "descrip", "aux_file", "intent_name", "cal_max", "glmin", "slice_end")
_SAME = 0.01
Order = Literal["<", ">"]
_ORDERS: tuple[Order, ...] = ("<", "<", ">")


def random_place(rng: Rng) -> tuple[tuple[int, ...], Array]:
    """Give sizes and an affine of any orientation and handedness (RAS+, mm)."""
    shape = tuple(int(n) for n in rng.permutation((5, 7, 4)) + rng.integers(0, 3, 3))
    spacing_mm = rng.permutation((0.4, 0.7, 3.0)) * rng.uniform(0.9, 1.1)
    affine = np.eye(4)
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    if rng.random() < 0.5:  # along the scanner's axes, or a little off
        axes = np.eye(3)[rng.permutation(3)] * rng.choice((-1, 1), 3)
        small = Rotation.from_euler("xyz", rng.normal(0, 5, 3), degrees=True).as_matrix()
        turn = small @ axes
    affine[:3, :3] = turn * spacing_mm
    affine[:3, 3] = rng.normal(0, 60, 3)
    return shape, affine


def random_voxels(shape: tuple[int, ...], kind: str, rng: Rng, *, most: int = 900) -> Array:
    """Give whole numbers that fit the type, not all alike."""
    voxels = rng.integers(0, min(most, 127) if kind in ("u1", "i1") else most, shape)
    voxels.flat[:2] = (0, 1)
    return voxels.astype(kind)


def sound_header(shape: tuple[int, ...], affine: Array, kind: str, rng: Rng) -> Array:
    """Fill a header in one byte order, with qform, sform or both."""
    layout = NIFTI1 if rng.random() < 0.85 else NIFTI2
    order = chosen(rng, _ORDERS)
    header = np.zeros((), layout.newbyteorder(order))
    spacing_mm = np.linalg.norm(affine[:3, :3], axis=0)
    turn = affine[:3, :3] / spacing_mm
    qfac = float(np.sign(np.linalg.det(turn)))
    turn[:, 2] *= qfac
    forms = int(rng.integers(3))
    header["sizeof_hdr"] = layout.itemsize
    header["magic"] = np.void(b"n+1\0" if layout is NIFTI1 else _MAGIC_2)
    header["dim"] = [3, *shape, 1, 1, 1, 1]
    header["pixdim"] = [qfac, *spacing_mm, 1, 1, 1, 1]
    header["datatype"], header["bitpix"] = _CODES[kind], 8 * np.dtype(kind).itemsize
    header["vox_offset"] = layout.itemsize + 4
    header["scl_slope"] = chosen(rng, (0.0, 1.0, float("nan"), 2.5))
    header["scl_inter"] = chosen(rng, (0.0, 0.0, -7.0))
    header["xyzt_units"] = chosen(rng, (2, 10, 0))
    header["qform_code"], header["sform_code"] = (forms != 1) * 1, (forms != 2) * 2
    header["quatern"] = Rotation.from_matrix(turn).as_quat(canonical=True)[:3]
    header["qoffset"], header["srow"] = affine[:3, 3], affine[:3]
    return header


def damaged_header(header: Array, rng: Rng) -> tuple[str, bool]:
    """Set one field to another value; gives what was done, and whether it matters."""
    if rng.random() < 0.12:
        name = chosen(rng, [n for n in _UNUSED if n in (header.dtype.names or ())])
        kind = header[name].dtype
        header[name] = np.frombuffer(rng.bytes(kind.itemsize), kind)[0]
        return f"other {name}", False
    names = ("dim", "dim", "pixdim", "pixdim", "datatype", "bitpix", "vox_offset", "scl_slope")
    more = ("scl_inter", "xyzt_units", "qform_code", "sform_code", "quatern", "qoffset", "srow")
    name = chosen(rng, (*names, *more, "sizeof_hdr", "intent_code"))
    field = header[name].reshape(-1)
    k = int(rng.integers(field.size))
    wanted = odd_number(rng, float(field[k]))
    if name == "datatype":
        wanted = chosen(rng, (*_TYPES, 0, 1, 32, 128, 1536, 1792, 2048, 2304, -1, 999))
    if field.dtype.kind != "f":
        whole = int(np.nan_to_num(wanted, nan=0, posinf=2.0**62, neginf=-(2.0**62)))
        limits = np.iinfo(field.dtype)
        wanted = max(limits.min, min(limits.max, whole))
    with np.errstate(over="ignore"):
        field[k] = wanted
    return f"{name}[{k}] {wanted:g}", True


def make_nifti(rng: Rng, folder: Path) -> Case:
    """Make a NIfTI file with up to two faults, and read it as a scan or a label map."""
    is_labels = rng.random() < 0.2
    kind = chosen(rng, ("u1", "i2") if is_labels else tuple(_CODES))
    shape, affine = random_place(rng)
    voxels = random_voxels(shape, kind, rng, most=13 if is_labels else 900)
    header = sound_header(shape, affine, kind, rng)
    if is_labels:
        header["scl_slope"], header["scl_inter"] = 1, 0
    done, counts = [], False
    for _ in range(chosen(rng, (0, 1, 1, 1, 2))):
        what, matters = damaged_header(header, rng)
        done.append(what)
        counts |= matters
    order: Order = ">" if header.dtype["sizeof_hdr"].byteorder == ">" else "<"
    start = header.tobytes() + bytes(4)
    body = voxels.astype(np.dtype(kind).newbyteorder(order)).tobytes(order="F")
    path, how, is_sound = _write(start, body, header, folder, rng, is_broken=len(done) < 2)
    damage = "; ".join((*done, how))
    judge = held_to(partial(judge_nifti, path))
    is_whole = is_sound and not counts
    if is_labels:
        read: Callable[[], Any] = partial(read_labels, path, MUSCLE_NAMES)
    elif rng.random() < 0.04:
        read = partial(taken_in, path)
    else:
        read = partial(read_scan, path)
    return Case(f"{path.name}: {damage}", read, judge, is_whole)


def taken_in(path: Path) -> Any:
    """Import a scan into a raw dataset by the command line, and read it from there."""
    out = path.parent.parent / "out" / "raw"
    through_command_line(["intake", str(path), str(out)])
    (image,) = out.glob("sub-*/anat/*.nii.gz")
    return read_scan(image)


def _write(
    start: bytes, body: bytes, header: Array, folder: Path, rng: Rng, *, is_broken: bool
) -> tuple[Path, str, bool]:
    """Write header and voxels as one file, packed or not, or as two."""
    way = rng.random()
    if way < 0.1 and header.dtype.itemsize == NIFTI1.itemsize:
        header["magic"], is_moved = np.void(b"ni1\0"), header["vox_offset"] != 352
        if not is_moved:
            header["vox_offset"] = 0
        image, how = damaged_bytes(body, rng) if rng.random() < 0.5 else (body, "pair")
        (folder / "scan.img").write_bytes(image)
        (folder / "scan.hdr").write_bytes(header.tobytes())
        return folder / "scan.hdr", how, how == "pair" and not is_moved
    content, how, is_sound = start + body, "sound", True
    if is_broken and rng.random() < 0.6:
        content, how = damaged_bytes(content, rng)
        is_sound = False
    if way < 0.5:
        (folder / "scan.nii").write_bytes(content)
        return folder / "scan.nii", how, is_sound
    pack = broken_gzip if is_broken and rng.random() < 0.4 else sound_gzip
    packed, done = pack(content, rng)
    (folder / "scan.nii.gz").write_bytes(packed)
    return folder / "scan.nii.gz", f"{how}, {done}", is_sound and pack is sound_gzip


def judge_nifti(path: Path) -> Stored:
    """Read a file by the standard, with numpy alone."""
    content = path.read_bytes()
    if path.suffix == ".gz" and content[:2] == b"\x1f\x8b":
        whole = unpacked(content)
        certain(whole is not None, "its gzip stream is not whole")
        content = whole or b""
    is_second = len(content) >= 8 and content[4:7] == b"n+2"
    layout = NIFTI2 if is_second else NIFTI1
    certain(len(content) >= layout.itemsize, "it has no whole header")
    order = next(
        (
            o
            for o in _ORDERS[1:]
            if 1 <= np.frombuffer(content, layout.newbyteorder(o), 1)["dim"][0, 0] <= 7
        ),
        None,
    )
    certain(order, "dim[0] is not 1 to 7 in any byte order")
    header = np.frombuffer(content, layout.newbyteorder(order or "<"), 1)[0]
    is_pair = path.suffix == ".hdr"
    magic = (_MAGIC_2,) if is_second else ((b"ni1\0",) if is_pair else (b"n+1\0",))
    certain(bytes(header["magic"].tobytes()) in magic, "its magic is another")
    holder = path.with_suffix(".img").read_bytes() if is_pair else content
    first = 0 if is_pair else layout.itemsize + 4
    voxels = _voxels(header, holder, order or "<", first)
    return Stored(voxels, _affines(header))


def _voxels(header: Any, content: bytes, order: str, first: int) -> Array:
    sizes = [int(n) for n in header["dim"][1 : int(header["dim"][0]) + 1]]
    certain(len(sizes) >= 3 and min(sizes) > 0, f"its sizes are {sizes}")
    certain(max([1, *sizes[3:]]) == 1, "it is no single volume")
    kind = _TYPES.get(int(header["datatype"]))
    certain(kind, f"its datatype is {header['datatype']}")
    dtype = np.dtype(f"{order}{kind}")
    certain(8 * dtype.itemsize == header["bitpix"], "datatype and bitpix contradict each other")
    offset = float(header["vox_offset"])
    certain(np.isfinite(offset), f"vox_offset is {offset}")
    offset = int(offset) or first  # 0 means the first possible offset
    certain(offset >= first, f"vox_offset {offset} lies in the header")
    left = len(content) - offset - int(np.prod(sizes, dtype=object)) * dtype.itemsize
    certain(left in (0, 1), f"{left} bytes are left over")
    stored = np.frombuffer(content, dtype, int(np.prod(sizes)), offset)
    values = stored.reshape(sizes[:3], order="F").astype(float)
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if slope != 0 and not np.isnan(slope):
        certain(np.isfinite((slope, inter)).all(), f"slope and intercept are {slope}, {inter}")
        values = values * slope + inter
    certain(np.isfinite(values.astype("f4")).all(), "it holds NaN or infinite values")
    return values


def _affines(header: Any) -> tuple[Array, ...]:
    """Give the forms that are there, which must agree with each other and with pixdim."""
    unit = int(header["xyzt_units"]) & 7
    certain(unit in (0, 2), f"its unit is {unit}")
    pixdim = header["pixdim"].astype(float)
    certain(np.isfinite(pixdim[1:4]).all() and (pixdim[1:4] > 0).all(), f"pixdim is {pixdim}")
    forms: list[Array] = []
    if header["sform_code"] > 0:
        forms.append(np.vstack((header["srow"].astype(float), (0, 0, 0, 1))))
    if header["qform_code"] > 0:
        quatern = header["quatern"].astype(float)
        part = float(quatern @ quatern)
        certain(part <= 1 + 1e-3, "its quaternion is no rotation")
        turn = Rotation.from_quat([*quatern, np.sqrt(max(0.0, 1 - part))]).as_matrix()
        affine = np.eye(4)
        affine[:3, :3] = turn * pixdim[1:4] * (1, 1, -1 if pixdim[0] < 0 else 1)
        affine[:3, 3] = header["qoffset"]
        forms.append(affine)
    certain(forms, "no form says how it lies")
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners = corners * header["dim"][1:4]
    for form in forms:
        certain(np.isfinite(form).all(), "a form is not finite")
        spacing_mm = np.linalg.norm(form[:3, :3], axis=0)
        agree = np.allclose(spacing_mm, pixdim[1:4], rtol=1.02 * _SAME, atol=0)
        certain(agree, f"a form says {spacing_mm}, pixdim {pixdim[1:4]} mm")
        certain(abs(np.linalg.det(form[:3, :3] / spacing_mm)) > 1e-3, "a form is flat")
        apart = (corners @ (form - forms[0])[:3, :3].T) + (form - forms[0])[:3, 3]
        most_mm = 1.02 * _SAME * np.linalg.norm(forms[0][:3, :3] @ header["dim"][1:4])
        certain(np.linalg.norm(apart, axis=1).max() <= most_mm, "qform and sform differ")
    return tuple(forms[:1])
