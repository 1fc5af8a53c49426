"""Elements of a DICOM file by PS3.5, read without a library: position and value of each."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fuzzing.stored import MalformedError, certain

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_LONG = {
    b"OB",
    b"OD",
    b"OF",
    b"OL",
    b"OV",
    b"OW",
    b"SQ",
    b"SV",
    b"UC",
    b"UN",
    b"UR",
    b"UT",
    b"UV",
}
_SHORT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT"),
    *(b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED, _PIXELS = 0xFFFFFFFF, 0x7FE00010
# What image and position depend on: size, bits, scale, position, direction, patient, type.
_COUNT = {
    *(0x280002, 0x280008, 0x280010, 0x280011, 0x280030, 0x280100, 0x280103, 0x281052, 0x281053),
    *(0x200032, 0x200037, 0x080060, 0x100020, 0x52009229, 0x52009230, _PIXELS),
}
# Text that a reader knows how to turn into numbers or words.
NUMBERS = {b"US": "<H", b"SS": "<h", b"UL": "<I", b"SL": "<i", b"FL": "<f", b"FD": "<d"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its bytes from `start` to `end`, its value from `value` on."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    items: tuple[Mapping[int, Any], ...] = ()


def elements_of(content: bytes) -> tuple[list[Element], bool]:
    """Give the elements of a file, and whether those of its dataset have no VR."""
    certain(content[128:132] == b"DICM", "a file has no DICOM mark")
    found, syntax, is_implicit = [], "", False
    at = 132
    while at < len(content):
        group = content[at : at + 2]
        if group != b"\x02\0" and not syntax:
            certain(False, "a file does not say its encoding")
        element = _element(content, at, len(content), is_implicit and group != b"\x02\0")
        found.append(element)
        at = element.end
        if element.tag == _PIXELS:  # what follows it changes nothing
            break
        if element.tag == 0x00020010:
            syntax = text_of(content, element)
            certain(syntax in (IMPLICIT, EXPLICIT), f"its encoding is {syntax[:40]!r}")
            is_implicit = syntax == IMPLICIT
    certain(syntax, "a file does not say its encoding")
    return found, is_implicit


def well_formed(holds: Any, reason: str) -> None:
    """Judge a file malformed unless a condition holds."""
    certain(holds, reason, MalformedError)


def _element(content: bytes, at: int, last: int, is_implicit: bool) -> Element:
    well_formed(at + 8 <= last, "a file ends within an element")
    group, number, size = struct.unpack_from("<HHI", content, at)
    tag, vr, value = group << 16 | number, b"", at + 8
    if not is_implicit and group != 0xFFFE:
        vr = content[at + 4 : at + 6]
        well_formed(vr in _LONG | _SHORT, f"an element has the VR {vr!r}")
        if vr in _LONG:
            well_formed(at + 12 <= last, "a file ends within an element")
            (size,), value = struct.unpack_from("<I", content, at + 8), at + 12
        else:
            (size,) = struct.unpack_from("<H", content, at + 6)
    if vr == b"SQ" or size == _UNDEFINED:
        items, end = _items(content, value, last, size, is_implicit)
        return Element(tag, vr, at, value, end, tuple(items))
    well_formed(value + size <= last, "an element is longer than its file")
    return Element(tag, vr, at, value, value + size)


def _items(
    content: bytes, at: int, last: int, size: int, is_implicit: bool
) -> tuple[list[Mapping[int, Any]], int]:
    items: list[Mapping[int, Any]] = []
    end = last if size == _UNDEFINED else at + size
    well_formed(end <= last, "a sequence is longer than its file")
    while at < end:
        well_formed(at + 8 <= end, "a sequence ends within an item")
        group, number, length = struct.unpack_from("<HHI", content, at)
        tag, at = group << 16 | number, at + 8
        if tag == _SEQUENCE_END:
            return items, at
        well_formed(tag == _ITEM, "a sequence holds no item")
        stop = end if length == _UNDEFINED else at + length
        well_formed(stop <= end, "an item is longer than its sequence")
        item: dict[int, Any] = {}
        while at < stop:
            element = _element(content, at, stop, is_implicit)
            at = element.end
            if element.tag == _ITEM_END:
                break
            well_formed(element.tag not in item, "an item holds an element twice")
            item[element.tag] = value_of(content, element)
        items.append(item)
    well_formed(size != _UNDEFINED, "a sequence has no end")
    return items, at


def facts_of(content: bytes) -> Mapping[int, Any]:
    """Give the value of each element: text, numbers, bytes, or items by tag."""
    found: dict[int, Any] = {}
    elements, _ = elements_of(content)
    for element in elements:
        value = value_of(content, element)
        is_same = found.setdefault(element.tag, value) == value
        counts = element.tag in _COUNT
        certain(is_same or not counts, f"element {element.tag:08x} is there twice")
    return found


def value_of(content: bytes, element: Element) -> Any:
    """Give a value by its VR; bytes where that is not said."""
    if element.items:
        return list(element.items)
    raw = content[element.value : element.end]
    if element.tag == _PIXELS:
        return raw
    if element.vr in NUMBERS:
        size = struct.calcsize(NUMBERS[element.vr])
        certain(len(raw) % size == 0, f"element {element.tag:08x} has {len(raw)} bytes")
        return [n for (n,) in struct.iter_unpack(NUMBERS[element.vr], raw)]
    if element.vr in (b"", b"OB", b"OW", b"UN", b"SQ"):
        return raw
    return raw.decode("latin-1").strip(" \0")


def text_of(content: bytes, element: Element) -> str:
    """Give a value as text."""
    return content[element.value : element.end].decode("latin-1").strip(" \0")


def packed(tag: int, vr: bytes, value: bytes) -> bytes:
    """Give the bytes of an element; without a VR if that is empty."""
    value += b" " * (len(value) % 2)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not vr:
        return start + struct.pack("<I", len(value)) + value
    if vr in _LONG or vr not in _SHORT:
        return start + vr + b"\0\0" + struct.pack("<I", len(value)) + value
    return start + vr + struct.pack("<H", len(value) & 0xFFFF) + value


def with_other(content: bytes, element: Element, new: bytes) -> bytes:
    """Replace the bytes of an element."""
    return content[: element.start] + new + content[element.end :]


def pairs_of(content: bytes) -> Iterator[tuple[int, Element]]:
    """Give the elements of a dataset, its file meta information aside."""
    for element in elements_of(content)[0]:
        if element.tag >> 16 != 2:
            yield element.tag, element
