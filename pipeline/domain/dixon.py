"""Recognition of Dixon images by the words of headers and file names.

A scan is a water or fat image if exactly one is named: `dixon_image` reads the words of
headers and titles, `water_or_fat` a file name.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

DIXON_IMAGES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "water": frozenset(("WATER", "W")),
        "fat": frozenset(("FAT", "F")),
        "in": frozenset(("IN", "INPHASE", "IP")),
        "opposed": frozenset(("OUT", "OUTPHASE", "OPP", "OPPOSED", "OP")),
    }
)
"""Words for each image of a Dixon acquisition, in DICOM (PS3.3 C.8.13.3.1) and by vendor
(Philips ``W``, ``IP``; GE and Siemens ``WATER``); words are split at underscores, as dcm2niix
does, so that IN_PHASE is IN."""
# "no fat", "fat sat" and "fat fraction" do not name a fat image.
_NOT_AFTER = frozenset(("NO", "NON", "WITHOUT"))
_NOT_BEFORE = frozenset(("FRACTION", "PERCENT", "SAT", "SATURATED", "SUP", "SUPPRESSED"))
# dixonWater, DIXON-WATER and dixonwater are two words each, fatsat is one.
_WORDS_OF_NAME = re.compile(
    r"(?i:[mq]?dixon|ideal|flex|vibe|lava|tse|fse|gre)(?=(?:water|fat))"
    r"|[A-Z]+(?![a-z])|[A-Z]?[a-z]+"
)


def dixon_image(*sources: Iterable[str]) -> str | None:
    """Find the Dixon image that is named; None unless it is exactly one.

    Parameters
    ----------
    sources
        Words of a header, words of a title.

    Returns
    -------
    str or None
        Key of `DIXON_IMAGES`.
    """
    return _only(frozenset().union(*(_named(words) for words in sources)))


def _named(words: Iterable[str]) -> frozenset[str]:
    spelt = [w for word in words for w in re.split(r"[^A-Z0-9]+", word.upper()) if w]
    in_context = zip(["", *spelt], spelt, [*spelt[1:], ""], strict=False)
    return frozenset(
        image
        for before, word, after in in_context
        if before not in _NOT_AFTER and after not in _NOT_BEFORE
        for image, names in DIXON_IMAGES.items()
        if word in names
    )


def water_or_fat(name: str) -> str | None:
    """Find ``water`` or ``fat`` in a file name; None unless exactly one is written out."""
    words = [word for word in _WORDS_OF_NAME.findall(name) if len(word) > 1]
    return _only(_named(words) & {"water", "fat"})


def _only(images: frozenset[str]) -> str | None:
    return min(images) if len(images) == 1 else None


def without_water_or_fat(name: str) -> str:
    """Remove the words for water and fat from a file name; both images of a pair give one.

    Case is ignored, except in a participant's label.
    """
    chunks = []
    for chunk in name.split("_"):
        if chunk.startswith("sub-"):
            chunks.append(chunk)
            continue
        is_dixon = water_or_fat(chunk) is not None
        rest = re.sub("water|fat", "", chunk.lower()) if is_dixon else chunk.lower()
        if not is_dixon or not re.fullmatch("[a-z]+-|", rest):
            chunks.append(rest)
    return "_".join(chunks)
