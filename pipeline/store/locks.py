"""Locks that keep two commands from writing the same files."""

import getpass
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ConfigError
from pipeline.store.files import not_writable

if sys.platform != "win32":
    import fcntl

_POLL_S = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock.

    Parameters
    ----------
    process
        Its number on that host, or in its container.
    since
        When it was taken, in UTC, as ISO 8601.
    """

    user: str
    host: str
    process: int
    since: str

    def __str__(self) -> str:
        """Say it in a sentence."""
        return f"{self.user} on {self.host} (process {self.process}), since {self.since}"


@contextmanager
def lock_held(
    path: Path, what: str, *, is_shared: bool = False, wait_s: float = 1.0
) -> Iterator[None]:
    """Hold a lock while the block runs.

    The system releases the lock when the process ends in whatever way, so a file that is left
    means nothing; it is not removed, as another process may be about to lock it. Process
    numbers play no part, as containers share them. Where the file system has no locks, the
    block runs all the same, and one warning is logged.

    Parameters
    ----------
    path
        The lock file, which contains the last `Owner` as JSON.
    what
        What is locked, for the message.
    is_shared
        Whether others may hold the lock at the same time, if theirs is shared, too.
    wait_s
        How long to wait for others, in seconds.

    Raises
    ------
    ConfigError
        If another process holds it, naming the owner, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)  # else closing may raise on a full disk
    except OSError as error:
        raise not_writable(path.parent, error) from error
    with file:
        if not _take(file, path, is_shared=is_shared, wait_s=wait_s):
            holder = _read_owner(path) or "another process"
            msg = (
                f"Only one command at a time may work on {what}: got it in use by {holder}. "
                "Run again when that has ended."
            )
            raise ConfigError(msg)
        _sign(file)
        yield


def find_holder(path: Path) -> Owner | None:
    """Give the owner of a lock that is held now; None if it is free, or cannot be asked."""
    if sys.platform == "win32":
        return None
    with suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_owner(path) or Owner("someone", "unknown", 0, "unknown")
    return None


def _take(file: BinaryIO, path: Path, *, is_shared: bool, wait_s: float) -> bool:
    """Acquire a lock; say whether that worked."""
    if sys.platform == "win32":
        return True
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    last = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > last:
                return False
            time.sleep(_POLL_S)
        except OSError:  # some network file systems
            _warn_of_no_locks(path.parent)
            return True
        else:
            return True


@cache
def _warn_of_no_locks(folder: Path) -> None:
    log.warning("%s: no locks on this file system. Run one command at a time.", folder)


def _sign(file: BinaryIO) -> None:
    """Write the owner, unless the disk is full: the lock holds all the same."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    owner = Owner(_user(), socket.gethostname(), os.getpid(), now)
    with suppress(OSError):
        file.truncate(0)
        file.write(json.dumps(asdict(owner)).encode() + b"\n")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no entry for its user
        return "someone"


def _read_owner(path: Path) -> Owner | None:
    try:
        return Owner(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):  # being written, or by another version
        return None
