"""Atomic writing of files, scratch folders, checksums, and JSON."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pipeline.errors import ArtefactError, ConfigError, file_fault, shown
from pipeline.store.content import check_content

if sys.platform != "win32":
    import fcntl

_SCRATCH = ".footvol-"
_LOCK, _FILES = "lock", "files"
_IN_PROCESS = threading.Lock()


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a new, empty folder inside `parent` that is removed at the end.

    The process locks the folder while it runs. `remove_dead_scratch` uses that lock to
    recognise what a killed process left behind; process numbers would not do, as two
    containers may share them.
    """
    folder, lock = _new_locked(parent)
    try:
        yield folder / _FILES
    finally:
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead_scratch(*parents: Path) -> None:
    """Remove scratch folders directly inside these folders whose process has ended.

    Folders of other users are kept, and so are all where the file system has no locks.
    """
    for folder in (path for parent in parents for path in parent.glob(f"{_SCRATCH}*")):
        with suppress(OSError):
            if _is_own(folder):
                with (folder / _LOCK).open("ab") as lock:
                    if _take(lock, where_unsupported=False):
                        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; waits while another thread or process holds it.

    Where the file system has no locks, only the threads of this process wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _IN_PROCESS, path.open("ab") as lock:
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _new_locked(parent: Path) -> tuple[Path, IO[bytes]]:
    """Make a scratch folder; retry if another process removed it before it was locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=parent))
        with suppress(FileNotFoundError):
            lock = (folder / _LOCK).open("ab")
            if _take(lock, where_unsupported=True):
                (folder / _FILES).mkdir()
                return folder, lock


def _is_own(folder: Path) -> bool:
    return sys.platform == "win32" or folder.lstat().st_uid == os.getuid()


def _take(lock: IO[bytes], *, where_unsupported: bool) -> bool:
    """Acquire a lock unless another process has it; say whether that worked."""
    if sys.platform == "win32":
        return where_unsupported
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems
        return where_unsupported
    return True


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a scratch path that becomes `target` only if the block succeeds.

    The scratch file lies in a folder beside the target, so that the last step is a rename
    on one disk, and has the target's name, so that writers still see ``.nii.gz``.

    Raises
    ------
    ConfigError
        If the folder cannot be written to, or its disk is full.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as folder:
            yield folder / target.name
            (folder / target.name).replace(target)
    except OSError as error:
        raise not_writable(target.parent, error) from error


def not_writable(folder: Path, error: OSError) -> ConfigError:
    """Make the refusal of an output folder that cannot be written to."""
    return ConfigError(
        f"The output folder must be writable: got {file_fault(error)} for {str(folder)!r}. "
        "Choose another folder, or check its free space and permissions."
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    ScanError
        If it is not a regular file or its content is elsewhere.
    """
    check_content(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a JSON object with sorted keys, so that equal content gives equal bytes."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as scratch:
        scratch.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    ArtefactError
        If the file is missing or is not one JSON object.
    """
    try:
        content = parse_json(path.read_bytes())
    except OSError as error:
        msg = (
            f"The file {path.name!r} must exist: got {file_fault(error)}. "
            "Run the stage that writes it again."
        )
        raise ArtefactError(msg) from error
    except ValueError as error:
        msg = f"The file {path.name!r} must be JSON: got {error}. Correct it or make it again."
        raise ArtefactError(msg) from error
    if not isinstance(content, dict):
        got = "a list" if isinstance(content, list) else "a single value"
        msg = f"The file {path.name!r} must be a JSON object: got {got}. Make it again."
        raise ArtefactError(msg)
    return content


def parse_json(content: bytes) -> Any:
    """Parse JSON; no object may have two values under one name.

    Raises
    ------
    ValueError
        With a description of the fault.
    """
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        raise ValueError(_json_fault(error)) from error


def _unambiguous(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        if repr(content.setdefault(name, value)) != repr(value):  # 1 is not true, NaN is NaN
            raise _TwiceError(name)
    return content


class _TwiceError(ValueError):
    """An object has two values under one name."""


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"invalid JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return file_fault(error)
    if isinstance(error, _TwiceError):
        return f"two values of {shown(error.args[0])}"
    return (
        "objects nested too deep" if isinstance(error, RecursionError) else "too long a number"
    )
