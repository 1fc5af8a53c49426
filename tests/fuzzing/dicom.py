"""Damaged DICOM series, and what they hold by the standard (PS3.3, PS3.5)."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pydicom
from corrupted import make_scan
from dicom_makers import write_series
from pydicom.uid import ImplicitVRLittleEndian

from fuzzing.damage import Rng, chosen, damaged_bytes, odd_number, odd_word
from fuzzing.dicom_bytes import (
    NUMBERS,
    Element,
    elements_of,
    packed,
    pairs_of,
    text_of,
    with_other,
)
from fuzzing.dicom_judge import (
    BITS,
    COLUMNS,
    FRAMES,
    IMAGE,
    INTERCEPT,
    MODALITY,
    ORIENTATION,
    PATIENT,
    PIXELS,
    POSITION,
    ROWS,
    SAMPLES,
    SIGN,
    SLOPE,
    SPACING,
    STEP,
    judge_dicom,
    numbers_of,
)
from fuzzing.nifti import taken_in
from fuzzing.stored import MalformedError, Stored, held_to
from fuzzing.trial import Case
from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.store.dicom.import_series import imported_dicom
from pipeline.store.images import read_scan

_GEOMETRY = (POSITION, ORIENTATION, SPACING, ROWS, COLUMNS, BITS, SIGN, SAMPLES, STEP)
_MORE = (SLOPE, INTERCEPT, FRAMES, PIXELS, 0x280004, 0x280101, 0x280102, 0x200011, 0x200013)
_WHO = (MODALITY, PATIENT, IMAGE, 0x080016, 0x20000D, 0x20000E, 0x080008, 0x180081)
Files = dict[str, bytes]


@cache
def sound_series(kind: str) -> Mapping[str, bytes]:
    """Give the files of a series: classic, classic without VRs, or enhanced."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if kind == "enhanced":
            write_enhanced_dicom(make_scan(), folder / "1.dcm", label="01", side=Side.RIGHT)
        else:
            write_series(make_scan(), folder)
        for path in folder.iterdir() if kind == "implicit" else ():
            dataset = pydicom.dcmread(path)
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
            dataset.save_as(path, implicit_vr=True, little_endian=True)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def make_dicom(rng: Rng, folder: Path) -> Case:
    """Make a series with up to two faults in one, several or all of its files."""
    kind = chosen(rng, ("classic", "classic", "classic", "implicit", "enhanced"))
    files = dict(sound_series(kind))
    done = []
    for _ in range(chosen(rng, (0, 1, 1, 1, 1, 2))):
        ways: Sequence[Callable[[Files, Rng], str]] = (_damage_element, _damage_bytes)
        if kind != "enhanced":
            ways = (*ways, _damage_element, _rearrange)
        done.append(chosen(rng, ways)(files, rng))
    series = folder / "sub-01"
    series.mkdir()
    for name, content in files.items():
        (series / name).write_bytes(content)
    damage = f"{kind}: {'; '.join(done) or 'sound'}"
    is_by_command = rng.random() < 0.04
    read = partial(taken_in, series) if is_by_command else partial(_read, series)
    return Case(damage, read, held_to(partial(_judged, series, kind)), not done)


def _judged(series: Path, kind: str) -> Stored:
    """Judge a series; one with malformed elements must be refused or read as it was.

    A VR or a length may be damaged where nothing that counts depends on it. Readers pass
    over that, as they must over what makers write against PS3.5.
    """
    try:
        return judge_dicom(path.read_bytes() for path in series.iterdir())
    except MalformedError:
        return judge_dicom(_with_pixels_of(series, kind))


def _with_pixels_of(series: Path, kind: str) -> Iterator[bytes]:
    """Give the sound headers of the files that are there, with the pixels at their ends."""
    for name, content in sound_series(kind).items():
        pixels = elements_of(content)[0][-1]
        if (series / name).exists():
            now = (series / name).read_bytes()
            yield content[: pixels.value] + now[pixels.value - pixels.end :]


def _read(series: Path) -> Scan:
    with imported_dicom(sorted(series.iterdir())) as found:
        return read_scan(found.image)


def _some(files: Files, rng: Rng) -> list[str]:
    """Choose one file, the later ones, or all."""
    names = sorted(files)
    first = int(rng.integers(len(names)))
    return chosen(
        rng, (names[first : first + 1], names[first : first + 1], names[first:], names)
    )


def _damage_bytes(files: Files, rng: Rng) -> str:
    (name,) = _some(files, rng)[:1]
    content = files[name]
    if rng.random() < 0.5:  # the header, which is smaller than the pixels
        changed = bytearray(content)
        at = int(rng.integers(132, max(133, len(content) - 960)))
        changed[at] ^= 1 << int(rng.integers(8))
        files[name] = bytes(changed)
        return f"{name}: bit {at} flipped"
    files[name], how = damaged_bytes(content, rng)
    return f"{name}: {how}"


def _damage_element(files: Files, rng: Rng) -> str:
    """Delete an element, double it, or give it another VR or value."""
    tag, way = chosen(rng, (*_GEOMETRY, *_GEOMETRY, *_MORE, *_WHO)), int(rng.integers(10))
    seed, names = int(rng.integers(2**32)), _some(files, rng)
    how = ""
    for name in names:
        try:
            found = dict(pairs_of(files[name]))
        except ValueError:  # damaged before
            continue
        own = np.random.default_rng(seed)  # all get the same
        element = found.get(tag) or chosen(own, list(found.values()))
        new, how = _other_element(files[name], element, way, own)
        files[name] = with_other(files[name], element, new)
    return f"{len(names)} files: {how}"


def _other_element(content: bytes, element: Element, way: int, rng: Rng) -> tuple[bytes, str]:
    raw, value = content[element.start : element.end], content[element.value : element.end]
    name = f"{element.tag:08x}"
    odd = _odd_value(content, element, rng)
    new = packed(element.tag, element.vr, odd)
    vr = chosen(rng, (b"UN", b"OB", b"LO", b"DS", b"US", b"FD", b"SQ", b"ZZ", b"\0\0"))
    ways = (
        (b"", f"no {name}"),
        (raw + raw, f"{name} twice"),
        (packed(element.tag, element.vr and vr, value), f"{name} as {vr!r}"),
        (packed(element.tag, element.vr, b""), f"{name} empty"),
        (raw + new, f"{name} twice, {odd[:40]!r}"),
    )
    return ways[way] if way < len(ways) else (new, f"{name} is {odd[:40]!r}")


def _odd_value(content: bytes, element: Element, rng: Rng) -> bytes:
    value = content[element.value : element.end]
    if element.tag == PIXELS:
        return chosen(
            rng, (value[:-2], value + value, value[: len(value) // 2], value + b"\0\0")
        )
    if element.vr in NUMBERS or (not element.vr and len(value) == 2):
        form = NUMBERS.get(element.vr, "<H")
        if form in ("<f", "<d"):
            return struct.pack("<d", odd_number(rng))
        number = int(np.nan_to_num(odd_number(rng, 16.0), nan=0, posinf=65535, neginf=0))
        return struct.pack("<H", number & 0xFFFF)
    words = text_of(content, element).split("\\")
    k = int(rng.integers(len(words)))
    try:
        words[k] = f"{odd_number(rng, float(words[k])):.9g}"
    except ValueError:
        words[k] = odd_word(rng)
    if rng.random() < 0.15:
        words = chosen(rng, ([*words, "1"], words[:-1], [odd_word(rng)]))
    return "\\".join(words).encode("utf-8", errors="replace")[:4000]


def _rearrange(files: Files, rng: Rng) -> str:
    """Delete, double, move or exchange slices."""
    names = sorted(files)
    first, second = (names[int(k)] for k in rng.choice(len(names), 2, replace=False))
    way = int(rng.integers(7))
    if way >= 5:
        return _move(files, first, second if way == 5 else first, rng)
    match way:
        case 0:
            for name in (first, second)[: int(rng.integers(1, 3))]:
                del files[name]
        case 1:
            for name in names[1 :: chosen(rng, (2, 3))]:
                del files[name]
        case 2:
            files[chosen(rng, ("copy.dcm", "copy", "0000.dcm"))] = files[first]
        case 3:
            files[first] = files[second]
        case _:
            files[first], files[second] = files[second], files[first]
    return (
        *("slices gone", "every second or third slice gone", "a file twice"),
        *("a file in another's place", "two names exchanged"),
    )[way]


def _move(files: Files, name: str, target: str, rng: Rng) -> str:
    """Give a slice the position of another, or one next to its own."""
    share = chosen(rng, (0.002, 0.03, 0.3, 1.0, -1.0, 100.0))
    try:
        element, there = (dict(pairs_of(files[n]))[POSITION] for n in (name, target))
        place = np.array(numbers_of(text_of(files[target], there))).reshape(3)
    except (ValueError, KeyError):  # damaged before
        return "nothing"
    moved = place if target != name else place + share * np.array((1.7, -0.3, 2.0))
    text = "\\".join(f"{v:.6f}"[:16] for v in moved).encode()
    files[name] = with_other(files[name], element, packed(POSITION, element.vr, text))
    return f"{name} moved to {target}" if target != name else f"{name} moved, {share} of 2.6 mm"
