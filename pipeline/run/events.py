"""Machine-readable events of a run, and the log file of each participant.

Both are made of log records, which arrive from worker processes and clusters as well.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, file_fault

log = logging.getLogger("pipeline")


def event(name: str, participant_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """Make what turns a log record into an event, as its `extra`.

    Parameters
    ----------
    fields
        More facts; those that are None are left out.
    """
    facts = {"event": name, "participant": participant_id, **fields}
    return {"event": {key: fact for key, fact in facts.items() if fact is not None}}


@contextmanager
def events_written(path: Path | None) -> Iterator[None]:
    """Append the events that happen in the block to a file, one JSON object per line.

    Once the file cannot be written any more, the block goes on without it.

    Raises
    ------
    ConfigError
        If the file cannot be opened.
    """
    if path is None:
        yield
        return
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        msg = (
            f"The file for --events must be writable: got {file_fault(error)} for "
            f"{str(path)!r}. Choose another file."
        )
        raise ConfigError(msg) from error
    with _added(_EventFile(path)):
        yield


@contextmanager
def participant_log(path: Path) -> Iterator[None]:
    """Append what this thread logs in the block to a file, with times in UTC.

    A file that cannot be written is no reason to fail.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _added(ParticipantFile(path)):
        yield


class ParticipantFile(logging.Handler):
    """Appends the log records of this thread to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._thread = threading.get_ident()
        formatter = logging.Formatter(
            "%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record, unless the file cannot be written."""
        if record.thread == self._thread:
            with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
                file.write(self.format(record) + "\n")


class _EventFile(logging.Handler):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Append the event of a record that has one."""
        facts = getattr(record, "event", None)
        if facts is None:
            return
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": when, **facts}, ensure_ascii=False)
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@contextmanager
def _added(handler: logging.Handler) -> Iterator[None]:
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
