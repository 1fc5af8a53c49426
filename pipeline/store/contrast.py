"""What an image shows: by the user, by its sidecar, by its name, in this order."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from pipeline.domain.dixon import dixon_image, water_or_fat
from pipeline.domain.scan import Contrast
from pipeline.errors import ScanError
from pipeline.store.names import SUFFIXES, without_ending

_FIELD = "Contrast"  # of a sidecar of ours, which says it outright
_OPTION, _SIDECAR, _NAME = "the option --contrast", "the sidecar", "the file name"
_IN_WORDS = {"in": "in phase", "opposed": "opposed phase"}


def contrast_of(
    image: Path, fields: Mapping[str, Any], option: Contrast | None = None
) -> Contrast:
    """Tell what an image shows; T1-weighted if nothing says it.

    Parameters
    ----------
    fields
        Of its sidecar.
    option
        What the user says.

    Raises
    ------
    ScanError
        If two of them contradict each other.
    """
    return stated_contrast(image, fields, option) or Contrast.T1W


def stated_contrast(
    image: Path, fields: Mapping[str, Any], option: Contrast | None = None
) -> Contrast | None:
    """Tell what an image shows; None if nothing says it.

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
                f"{image.name}: All sources must say that an image shows one thing: got "
                f"{_IN_WORDS.get(what, what)} from {source} but {_IN_WORDS.get(other, other)} "
                f"from {other_source}. Look at the image, and correct the wrong source."
            )
            raise ScanError(msg)
    return next((Contrast(what) for what in stated.values() if what in set(Contrast)), None)


def _go_together(what: str, other: str, other_source: str) -> bool:
    """Whether one is a Dixon image and the other its weighting.

    A name must end in a weighting, so that says nothing against water or fat; a user who
    says T1w means an image that is neither.
    """
    if what in SUFFIXES:
        return other in _IN_WORDS
    return other in SUFFIXES and (what in _IN_WORDS or other_source == _NAME)


def _stated_by_sidecar(fields: Mapping[str, Any]) -> str | None:
    outright = str(fields.get(_FIELD))
    if outright in set(Contrast):
        return outright
    words = fields.get("ImageType")
    return dixon_image(map(str, words if isinstance(words, list) else [words]))


def _stated_by_name(image: Path) -> str | None:
    """Tell it by the words of a file's name, but not by those of a participant's label."""
    name = re.sub(r"^sub-[^_]+", "", without_ending(image))
    weightings = {suffix.lower(): suffix for suffix in SUFFIXES}
    words = [weightings.get(word.lower()) for word in re.split("[_-]", name)]
    return water_or_fat(name) or next((w for w in reversed(words) if w), None)
