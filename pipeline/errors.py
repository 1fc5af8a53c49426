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


class PacsError(PipelineError):
    """A PACS cannot be reached, refuses, or answers other than DICOMweb says."""

    exit_code = 3


class LostWorkerError(PipelineError):
    """A worker process ended before it finished its task."""

    exit_code = 3


class LostSchedulerError(PipelineError):
    """The scheduler of a cluster gives no more answers."""

    exit_code = 3


class TimeLimitError(PipelineError):
    """A task took longer than it may."""

    exit_code = 3


def listed(things: Iterable[object], most: int = MOST_LISTED) -> str:
    """List the first few items in one line, and say how many more there are."""
    items = list(things)
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"[{', '.join(shown(item) for item in items[:most])}]{more}"


def shown(value: object) -> str:
    """Quote a value as Python does, shortened if it is long."""
    text = repr(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."


def nearest(word: str, known: Collection[str], most: int = 3) -> str:
    """List the known words that are most similar to an unknown one."""
    return ", ".join(difflib.get_close_matches(word, known, n=most, cutoff=0.0))


def file_fault(error: OSError | UnicodeDecodeError) -> str:
    """Say in a few words why a file cannot be read or written."""
    if isinstance(error, UnicodeDecodeError):
        return f"text that is not UTF-8, at byte {error.start}"
    return repr(error.strerror or str(error))


def system_refusal(error: OSError) -> str:
    """Say in one sentence what the system refused, such as writing to a full disk."""
    names = [repr(str(name)) for name in (error.filename, error.filename2) if name is not None]
    where = f" for {' and '.join(names)}" if names else ""
    return (
        f"The system must let footvol read and write its files: got {file_fault(error)}{where}"
        ". Check free space, permissions and paths."
    )
