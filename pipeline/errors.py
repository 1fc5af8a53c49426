"""Errors that are shown as one sentence, each with its exit code."""

import difflib
from collections.abc import Collection, Iterable

MOST_LISTED = 8
_MOST_LETTERS = 100


class PipelineError(Exception):
    """Base of every error that is shown without a traceback."""

    exit_code = 1


class ConfigError(PipelineError):
    """A setting or an argument is missing, misspelt or out of range."""

    exit_code = 2


class ScanError(PipelineError):
    """A scan cannot be read, or lacks what a measurement needs."""

    exit_code = 3


class GridMismatchError(ScanError):
    """Two images that must lie on one grid do not."""


class SegmentationError(PipelineError):
    """No usable label map could be made."""

    exit_code = 4


class ArtefactError(PipelineError):
    """A file that an earlier stage wrote is missing or was altered."""

    exit_code = 5


def listed(things: Iterable[object], most: int = MOST_LISTED) -> str:
    """Write the first few of some things in one line, and how many more there are."""
    every = list(things)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return f"[{', '.join(shown(thing) for thing in every[:most])}]{more}"


def shown(value: object) -> str:
    """Write a value in quotes as Python does, cut short where it is long."""
    text = repr(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."


def nearest(word: str, known: Collection[str], most: int = 3) -> str:
    """Write the few known words that are most like one that is not known."""
    return ", ".join(difflib.get_close_matches(word, known, n=most, cutoff=0.0))


def system_refusal(error: OSError) -> str:
    """Say in one sentence what the system refused, such as writing to a full disk."""
    names = [repr(str(name)) for name in (error.filename, error.filename2) if name is not None]
    where = f" for {' and '.join(names)}" if names else ""
    return (
        "The system must let footvol read and write its files: got "
        f"{error.strerror or str(error)}{where}. Check free space, permissions and paths."
    )


class LostWorkerError(PipelineError):
    """A process that worked on something was ended before it was done."""

    exit_code = 3
