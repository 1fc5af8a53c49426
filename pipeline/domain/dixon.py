"""What a Dixon image shows, by the words of headers and file names."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

DIXON_PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "water": frozenset(("WATER", "W")),
        "fat": frozenset(("FAT", "F")),
        "in": frozenset(("IN", "INPHASE", "IP")),
        "opposed": frozenset(("OUT", "OUTPHASE", "OPP", "OPPOSED", "OP")),
    }
)
"""Words of each part: those of DICOM (PS3.3 C.8.13.3.1) and of makers (Philips ``W``, ``IP``;
GE and Siemens ``WATER``), split at underscores as dcm2niix does, so IN_PHASE is IN."""
# An image without fat, with fat saturated, or of fat fractions, is no image of fat.
_NOT_AFTER = frozenset(("NO", "NON", "WITHOUT"))
_NOT_BEFORE = frozenset(("FRACTION", "PERCENT", "SAT", "SATURATED", "SUP", "SUPPRESSED"))
# dixonWater, DIXON-WATER and dixonwater are two words each, fatsat is one.
_WORDS_OF_NAME = re.compile(
    r"(?i:[mq]?dixon|ideal|flex|vibe|lava|tse|fse|gre)(?=(?i:water|fat))"
    r"|[A-Z]+(?![a-z])|[A-Z]?[a-z]+"
)


def dixon_parts(words: Iterable[str]) -> frozenset[str]:
    """Give the parts, of `DIXON_PARTS`, that the words of a header or title name."""
    spelt = [w for word in words for w in re.split(r"[^A-Z0-9]+", word.upper()) if w]
    in_context = zip(["", *spelt], spelt, [*spelt[1:], ""], strict=False)
    return frozenset(
        part
        for before, word, after in in_context
        if before not in _NOT_AFTER and after not in _NOT_BEFORE
        for part, names in DIXON_PARTS.items()
        if word in names
    )


def part_of_name(name: str) -> str | None:
    """Give ``water`` or ``fat`` where the words of a file's name say one of them, in full."""
    words = [word for word in _WORDS_OF_NAME.findall(name) if len(word) > 1]
    parts = dixon_parts(words) & {"water", "fat"}
    return min(parts) if len(parts) == 1 else None


def without_part(name: str) -> str:
    """Give a file's name without its words for water and fat, which a pair's names share.

    Capitals count in a participant's label only.
    """
    chunks = []
    for chunk in name.split("_"):
        if chunk.startswith("sub-"):
            chunks.append(chunk)
            continue
        is_part = part_of_name(chunk) is not None
        rest = re.sub("water|fat", "", chunk.lower()) if is_part else chunk.lower()
        if not is_part or not re.fullmatch("[a-z]+-|", rest):
            chunks.append(rest)
    return "_".join(chunks)
