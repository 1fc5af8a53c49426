"""Damage to bytes, gzip streams and lines of text, chosen by a generator."""

import gzip
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Rng = np.random.Generator
T = TypeVar("T")
ODD_NUMBERS = (
    *(0.0, -0.0, -1.0, 1.0, 2.0, 3.0, 7.0, 255.0, 256.0, 32767.0, 32768.0, 65535.0),
    *(2.0**31 - 1, -(2.0**31), 2.0**32, 2.0**53, 2.0**63, 1e30, -1e30, 1e300),
    *(1e-7, 1e-30, 0.5, 0.999, 1.5, float("nan"), float("inf"), float("-inf")),
)
_ODD_WORDS = (
    *("", " ", "nan", "NaN", "inf", "-inf", "-1", "0", "0.0", "1e400", "1e-400", "99999999999"),
    *("0x10", "1_0", "1,5", "none", "None", "null", "true", "?", "\x00", "\x1b[31m", "é", "٣"),
    *("(1,0,0)", "(0,0,0)", "../outside.raw", "/etc/passwd", "%s%s%n", "a" * 5000, "1 2 3 4"),
)


def chosen(rng: Rng, options: Sequence[T]) -> T:
    """Choose one of several."""
    return options[int(rng.integers(len(options)))]


def odd_number(rng: Rng, usual: float = 1.0) -> float:
    """Give a number at the ends of its range, or one near to or far from the usual one."""
    if rng.random() < 0.6:
        return chosen(rng, ODD_NUMBERS)
    return usual * chosen(rng, (-1.0, 0.5, 2.0, 1.005, 1.05, 10.0, 0.1, 1000.0, 0.001))


def odd_word(rng: Rng) -> str:
    """Give a word in place of the expected one."""
    return chosen(rng, _ODD_WORDS)


def _flip(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(content: bytes, rng: Rng) -> bytes:
    near_end = rng.random() < 0.5
    lost = int(rng.integers(1, 9)) if near_end else int(rng.integers(1, len(content) + 1))
    return content[:-lost]


def _extend(content: bytes, rng: Rng) -> bytes:
    count = int(chosen(rng, (1, 2, 3, 16, 700)))
    return content + (bytes(count) if rng.random() < 0.5 else rng.bytes(count))


def _lose(content: bytes, rng: Rng) -> bytes:
    first = int(rng.integers(len(content)))
    return content[:first] + content[first + int(rng.integers(1, 40)) :]


def _insert(content: bytes, rng: Rng) -> bytes:
    first = int(rng.integers(len(content)))
    return content[:first] + rng.bytes(int(rng.integers(1, 40))) + content[first:]


def _blank(content: bytes, rng: Rng) -> bytes:
    first = int(rng.integers(len(content)))
    count = min(int(rng.integers(1, 600)), len(content) - first)
    return content[:first] + bytes(count) + content[first + count :]


def _exchange(content: bytes, rng: Rng) -> bytes:
    size = int(chosen(rng, (2, 4, 8)))
    first = int(rng.integers(max(1, len(content) // size))) * size
    return content[:first] + content[first : first + size][::-1] + content[first + size :]


def _repeat(content: bytes, rng: Rng) -> bytes:
    first, last = sorted(rng.integers(len(content), size=2).tolist())
    return content[:last] + content[first:]


_BYTES: tuple[Callable[[bytes, Rng], bytes], ...] = (
    *(_flip, _flip, _flip, _cut, _cut, _extend),
    *(_lose, _insert, _blank, _exchange, _repeat),
)


def damaged_bytes(content: bytes, rng: Rng) -> tuple[bytes, str]:
    """Damage bytes anywhere; also gives what was done."""
    if not content or rng.random() < 0.01:
        return b"", "empty"
    change = chosen(rng, _BYTES)
    return change(content, rng), f"bytes: {change.__name__.strip('_')}"


def sound_gzip(content: bytes, rng: Rng) -> tuple[bytes, str]:
    """Pack bytes so that they are whole, as one of several writers would."""
    way = int(rng.integers(4))
    if way == 0:
        half = len(content) // 2
        return gzip.compress(content[:half]) + gzip.compress(content[half:]), "two members"
    if way == 1:
        return gzip.compress(content) + bytes(int(rng.integers(1, 600))), "zeros after gzip"
    return gzip.compress(content, int(rng.integers(10)), mtime=way), "gzip"


def broken_gzip(content: bytes, rng: Rng) -> tuple[bytes, str]:
    """Pack bytes, and damage what is packed."""
    packed, how = sound_gzip(content, rng)
    if rng.random() < 0.2:
        return packed[:-8] + rng.bytes(8), f"{how}, other check sum"
    if rng.random() < 0.1:
        return content, "not packed"
    packed, done = damaged_bytes(packed, rng)
    return packed, f"{how}, {done}"


def unpacked(content: bytes) -> bytes | None:
    """Unpack gzip members up to zeros or the end; None unless all are whole (RFC 1952)."""
    parts: list[bytes] = []
    while content.strip(b"\0"):
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(content) + member.flush())
        except zlib.error:
            return None
        if not member.eof:
            return None
        content = member.unused_data
    return b"".join(parts) if parts else None


def damaged_lines(lines: Sequence[bytes], rng: Rng) -> tuple[list[bytes], str]:
    """Damage the lines of a text header; also gives what was done."""
    changed = list(lines)
    k = int(rng.integers(len(changed)))
    name = changed[k].split(b":")[0].split(b"=")[0].decode(errors="replace").strip()
    at = int(rng.integers(k, len(changed) + 1))
    match int(rng.integers(9)):
        case 0:
            del changed[k]
            how = f"no {name}"
        case 1:
            changed.insert(at, changed[k])
            how = f"{name} twice"
        case 2:
            changed.insert(at, _other_value(changed[k], rng))
            how = f"{name} twice, differing"
        case 3:
            other = int(rng.integers(len(changed)))
            changed[k], changed[other] = changed[other], changed[k]
            how = f"{name} exchanged with line {other}"
        case 4:
            changed[k], done = damaged_bytes(changed[k], rng)
            how = f"{name}, {done}"
        case 5:
            changed[k] = chosen(rng, (bytes.upper, bytes.lower, bytes.swapcase))(changed[k])
            how = f"{name} in other case"
        case 6:
            changed[k] = b"  " + changed[k].replace(b" ", b"   ") + b" "
            how = f"{name} with blanks"
        case _:
            changed[k] = _other_value(changed[k], rng)
            how = f"other {name}: {changed[k][:80]!r}"
    return changed, how


def _other_value(line: bytes, rng: Rng) -> bytes:
    """Replace one word of a line's value by an odd number or word."""
    mark = b":" if b":" in line else b"="
    name, _, value = line.partition(mark)
    words = value.replace(b"(", b" ( ").replace(b")", b" ) ").replace(b",", b" , ").split()
    spots = [k for k, word in enumerate(words) if word not in (b"(", b")", b",")]
    if not spots:
        return name + mark + odd_word(rng).encode()
    k = chosen(rng, spots)
    try:
        odd = f"{odd_number(rng, float(words[k])):.9g}" if rng.random() < 0.7 else odd_word(rng)
    except ValueError:
        odd = odd_word(rng)
    words[k] = odd.encode()
    text = b" ".join(words).replace(b" , ", b",").replace(b"( ", b"(").replace(b" )", b")")
    return name + mark + b" " + text
