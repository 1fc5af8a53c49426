"""Whole files or none, their checksums, and JSON."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.content import check_content


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a new, empty folder inside `parent` that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=parent) as folder:
        yield Path(folder)


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a scratch path that becomes `target` only if the block succeeds.

    The scratch file lies beside the target, so the last step is a rename on one
    disk, and keeps its name's ending, so that writers still see ``.nii.gz``.

    Raises
    ------
    ConfigError
        If the folder cannot be written to, or its disk is full.
    """
    scratch = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield scratch
        scratch.replace(target)
    except OSError as error:
        msg = (
            f"The output folder must be writable: got {str(target.parent)!r}, where the system "
            f"says {error.strerror!r}. Choose another folder, or see to its "
            "free space and permissions."
        )
        raise ConfigError(msg) from error
    finally:
        if target.parent.is_dir():
            scratch.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    ScanError
        If it is no regular file or its content is elsewhere.
    """
    check_content(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write an object with sorted keys, so that equal content gives equal bytes."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as scratch:
        scratch.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    ArtefactError
        If the file is missing or holds anything but a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        msg = (
            f"The file {path.name!r} must exist: got {error.strerror!r}. "
            "Run the stage that writes it again."
        )
        raise ArtefactError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = (
            f"The file {path.name!r} must be JSON: got {_json_fault(error)}. Mend it or make "
            "it again."
        )
        raise ArtefactError(msg) from error
    if not isinstance(content, dict):
        got = "a list" if isinstance(content, list) else "a single value"
        msg = f"The file {path.name!r} must hold a JSON object: got {got}. Make it again."
        raise ArtefactError(msg)
    return content


def read_fault(error: OSError | UnicodeDecodeError) -> str:
    """Say why a text file cannot be read."""
    if isinstance(error, OSError):
        return f"the system's {error.strerror!r}"
    return f"text that is not UTF-8, at byte {error.start}"


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"what is none at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return read_fault(error)
    return (
        "objects nested too deep" if isinstance(error, RecursionError) else "too long a number"
    )
