"""Errors that are shown as one sentence, each with its exit code."""


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


class LostWorkerError(PipelineError):
    """A process that worked on something was ended before it was done."""

    exit_code = 3
