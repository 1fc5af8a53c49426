"""The contrast of an image: from the user, its sidecar or its name, in this order."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from pipeline.domain.dixon import dixon_image, water_or_fat
from pipeline.domain.scan import Contrast
from pipeline.errors import ScanError
from pipeline.store.names import SUFFIXES, without_ending

_FIELD = "Contrast"  # in sidecars that footvol writes
_OPTION, _SIDECAR, _NAME = "the option --contrast", "the sidecar", "the file name"
_IN_WORDS = {"in": "in phase", "opposed": "opposed phase"}


def contrast_of(
    image: Path, fields: Mapping[str, Any], option: Contrast | None = None
) -> Contrast:
    """Return the contrast of an image; T1-weighted if no source states it.

    Parameters
    ----------
    fields
        Fields of its sidecar.
    option
        Contrast that the user states.

    Raises
    ------
    ScanError
        If two sources contradict each other.
    """
    return stated_contrast(image, fields, option) or Contrast.T1W


def stated_contrast(
    image: Path, fields: Mapping[str, Any], option: Contrast | None = None
) -> Contrast | None:
    """Return the contrast of an image; None if no source states it.

    Raises
    ------
    ScanError
        If two sources contradict each other.
    """
    sources = {
        _OPTION: option,
        _SIDECAR: _stated_by_sidecar(fields),
        _NAME: _stated_by_name(image),
    }
    stated = {source: what for source, what in sources.items() if what is not None}
    for (source, what), (other_source, other) in combinations(stated.items(), 2):
        if what != other and not _go_together(what, other, other_source):
            msg = (
                f"{image.name}: All sources must state one contrast: got "
                f"{_IN_WORDS.get(what, what)} from {source} but {_IN_WORDS.get(other, other)} "
                f"from {other_source}. Look at the image, and correct the wrong source."
            )
            raise ScanError(msg)
    return next((Contrast(what) for what in stated.values() if what in set(Contrast)), None)


def _go_together(what: str, other: str, other_source: str) -> bool:
    """Whether one is a Dixon image and the other its weighting.

    A BIDS name must end in a weighting, so a weighting there does not contradict water or
    fat; a user who states T1w means an image that is neither.
    """
    if what in SUFFIXES:
        return other in _IN_WORDS
    return other in SUFFIXES and (what in _IN_WORDS or other_source == _NAME)


def _stated_by_sidecar(fields: Mapping[str, Any]) -> str | None:
    contrast = str(fields.get(_FIELD))
    if contrast in set(Contrast):
        return contrast
    words = fields.get("ImageType")
    return dixon_image(map(str, words if isinstance(words, list) else [words]))


def _stated_by_name(image: Path) -> str | None:
    """Find the contrast in the words of a file's name, its participant's label aside."""
    name = re.sub(r"^sub-[^_]+", "", without_ending(image))
    weightings = {suffix.lower(): suffix for suffix in SUFFIXES}
    words = [weightings.get(word.lower()) for word in re.split("[_-]", name)]
    return water_or_fat(name) or next((w for w in reversed(words) if w), None)
