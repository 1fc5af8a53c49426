"""What a DICOM series holds by the standard (PS3.3, PS3.5), read with numpy alone."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fuzzing.dicom_bytes import facts_of
from fuzzing.stored import Array, Stored, certain

ROWS, COLUMNS, SAMPLES, BITS, SIGN = 0x280010, 0x280011, 0x280002, 0x280100, 0x280103
SPACING, INTERCEPT, SLOPE, FRAMES, PIXELS = (
    0x280030,
    0x281052,
    0x281053,
    0x280008,
    0x7FE00010,
)
POSITION, ORIENTATION, STEP = 0x200032, 0x200037, 0x180088
MODALITY, PATIENT, IMAGE = 0x080060, 0x100020, 0x080018
SHARED, PER_FRAME = 0x52009229, 0x52009230
_LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))
# Headers round to decimals; a slice that is off by more was moved.
_PART_OF_STEP = 0.1


def judge_dicom(contents: Iterable[bytes]) -> Stored:
    """Stack the slices of files by the standard, with numpy alone."""
    files = [_told(content) for content in sorted({*contents})]
    names = [str(facts.get(IMAGE, "")) for facts in files]
    certain(len({*names}) == len(names), "two files are one image")
    certain({str(f.get(MODALITY, "")) for f in files} == {"MR"}, "it is not MR")
    certain(len({str(f.get(PATIENT, "")) for f in files}) == 1, "there are several patients")
    slices = [one for facts in files for one in _slices(facts)]
    certain(len(slices) >= 3, f"there are {len(slices)} slices")
    shapes = {pixels.shape for pixels, _, _ in slices}
    certain(len(shapes) == 1, f"the slices have the sizes {shapes}")
    columns = np.array([place for _, place, _ in slices])  # position, orientation, spacing
    certain(np.isfinite(columns).all(), "a place is not finite")
    certain(np.ptp(columns[:, 3:9], axis=0).max() <= 0.01, "the slices are turned")
    spacing = columns[:, 9:]
    certain((spacing > 0).all(), "a pixel spacing is not above zero")
    certain((np.ptp(spacing, axis=0) <= 0.01 * spacing[0]).all(), "pixel spacings differ")
    rows, down = np.median(columns[:, 3:9], axis=0).reshape(2, 3)
    skew = np.abs([rows @ rows - 1, down @ down - 1, rows @ down]).max()
    certain(skew <= 0.01, "rows and columns are not perpendicular")
    normal = np.cross(rows, down)
    order = np.argsort(columns[:, :3] @ normal)
    places = columns[order, :3]
    step = (places[-1] - places[0]) / (len(order) - 1)
    certain(step @ normal > 0.01, "all slices lie in one place")
    even = places[0] + np.outer(np.arange(len(order)), step)
    off = np.linalg.norm(places - even, axis=1).max()
    certain(off <= _PART_OF_STEP * (step @ normal), f"a slice lies {off:.3g} mm off")
    # Makers write gaps and rubbish there; positions count (PS3.3 C.7.6.2), unless they are
    # a whole number of the steps said apart, as where slices are lost.
    said = abs(float(np.median([s or 0.0 for _, _, s in slices])))
    times = (step @ normal) / said if said > 0.001 else 1
    is_lossy = times > 1.5 and abs(times / np.rint(times) - 1) < 0.01
    certain(not is_lossy, f"SpacingBetweenSlices says {said}, positions {step @ normal:.3f} mm")
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = rows * spacing[0, 1], down * spacing[0, 0]
    affine[:3, 2], affine[:3, 3] = step, places[0]
    voxels = np.stack([slices[k][0].T for k in order], axis=2)
    return Stored(voxels, (_LPS_TO_RAS @ affine,), part_of_voxel=2 * _PART_OF_STEP)


def _told(content: bytes) -> Mapping[int, Any]:
    """Give the facts of a file, by tag; numbers without a VR, or of UN, are unpacked."""
    facts = dict(facts_of(content))
    for tag, value in facts.items():
        if isinstance(value, bytes) and tag != PIXELS:  # so is UN to be taken (PS3.5 6.2.2)
            is_number = tag in (ROWS, COLUMNS, SAMPLES, BITS, SIGN) and len(value) == 2
            facts[tag] = (
                [*struct.unpack("<H", value)]
                if is_number
                else value.decode("latin-1").strip(" \0")
            )
    return facts


def _slices(facts: Mapping[int, Any]) -> list[tuple[Array, list[float], float | None]]:
    """Give pixels, place and step of each image of a file."""
    rows, columns, bits, sign, samples = (
        _one(facts, tag, usual)
        for tag, usual in ((ROWS, 0), (COLUMNS, 0), (BITS, 0), (SIGN, 0), (SAMPLES, 1))
    )
    certain(rows and columns and bits in (8, 16, 32) and samples == 1, "a size is wrong")
    groups: list[Mapping[int, Any]] = facts.get(PER_FRAME) or []
    count = numbers_of(str(facts.get(FRAMES) or "1"))
    certain(count == [len(groups) or 1], f"there are {count} frames")
    dtype = np.dtype(f"<{'i' if sign else 'u'}{bits // 8}")
    pixels = facts.get(PIXELS, b"")
    size = rows * columns * dtype.itemsize * (len(groups) or 1)
    certain(
        isinstance(pixels, bytes) and len(pixels) - size in (0, size % 2), "pixels are left"
    )
    shared = _flat((facts.get(SHARED) or [{}])[0]) if groups else {}
    found = []
    for k, group in enumerate(groups or [{}]):
        own = {**facts, **shared, **_flat(group)}
        start = k * rows * columns
        values = np.frombuffer(pixels, dtype, rows * columns, start * dtype.itemsize)
        slope, inter = (
            numbers_of(own.get(SLOPE)) or [1.0],
            numbers_of(own.get(INTERCEPT)) or [0.0],
        )
        place = [
            n for tag in (POSITION, ORIENTATION, SPACING) for n in numbers_of(own.get(tag))
        ]
        certain(len(place) == 11, "a slice does not say its place")
        certain(np.isfinite((slope[0], inter[0])).all() and slope[0], f"the slope is {slope}")
        image = values.reshape(rows, columns) * slope[0] + inter[0]
        found.append((image, place, (numbers_of(own.get(STEP)) or [None])[0]))
    return found


def _flat(group: Mapping[int, Any]) -> Mapping[int, Any]:
    """Give the elements of the sequences of a functional group."""
    parts = [
        v[0] for v in group.values() if isinstance(v, list) and v and isinstance(v[0], dict)
    ]
    return {tag: value for part in parts for tag, value in part.items()}


def _one(facts: Mapping[int, Any], tag: int, usual: int) -> int:
    value = facts.get(tag, [usual])
    certain(isinstance(value, list) and len(value) == 1, f"{tag:08x} is {value!r}"[:60])
    return int(value[0])


def numbers_of(value: Any) -> list[Any]:
    """Give the numbers of a value: none, one, or several with backslashes between."""
    if value is None or value in ("", b""):
        return []
    if isinstance(value, list):
        return [float(v) for v in value]
    try:
        return [float(word) for word in str(value).split("\\")]
    except ValueError:
        certain(False, f"{str(value)[:40]!r} are no numbers")
        raise
