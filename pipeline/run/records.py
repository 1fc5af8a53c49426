"""What each stage did, and whether that still holds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import ArtefactError, listed
from pipeline.store.files import sha256_of, written_whole

DONE, FAILED, WRITING = "done", "failed", "writing"


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of one participant, as ``OUT/logs/sub-XX/<stage>.json`` holds it.

    Parameters
    ----------
    key
        Hash of all that decides the outputs: inputs, settings, code.
    inputs
        sha256 by BIDS URI of what was read.
    outputs
        sha256 by path below OUT of what was written.
    status
        ``done``, ``failed``, or ``writing`` while outputs are put in place.
    code
        Exit code that the failure stands for; 0 when done.
    """

    key: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    status: str = DONE
    reason: str | None = None
    code: int = 0
    seconds: float = 0.0


def hash_of(facts: Mapping[str, Any]) -> str:
    """Give the sha256 of facts, whatever the order of their keys."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(path: Path) -> StageRecord | None:
    """Read a record; None if the stage never ran.

    Raises
    ------
    ArtefactError
        If the file is not a record.
    """
    if not path.exists():
        return None
    try:
        return StageRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        msg = (
            f"A stage record must be readable JSON: got {str(path)!r} ({error}). "
            "Restore it, or pass --force to make the stage anew."
        )
        raise ArtefactError(msg) from error


def write_record(record: StageRecord, path: Path) -> None:
    """Write a record whole."""
    with written_whole(path) as scratch:
        scratch.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def is_current(record: StageRecord | None, key: str, out: Path) -> bool:
    """Whether a stage was done with this key and all its outputs are there."""
    return (
        record is not None
        and record.status == DONE
        and record.key == key
        and all((out / name).exists() for name in record.outputs)
    )


def check_unaltered(record: StageRecord | None, out: Path) -> None:
    """Refuse outputs that somebody changed since they were recorded.

    Raises
    ------
    ArtefactError
        Naming every altered file.
    """
    if record is None or record.status == WRITING:
        return
    altered = [
        name
        for name, sha256 in record.outputs.items()
        if (out / name).exists() and sha256_of(out / name) != sha256
    ]
    if altered:
        msg = (
            "Files that footvol wrote must stay as written: altered since then: "
            f"{listed(altered)}. Restore them, or pass --force to write them anew; labels "
            "corrected by hand belong in corrections/."
        )
        raise ArtefactError(msg)


def check_unclaimed(record: StageRecord | None, targets: list[str], out: Path) -> None:
    """Refuse to write over files that no record says footvol wrote.

    Raises
    ------
    ArtefactError
        Naming every such file.
    """
    known = record.outputs if record else {}
    strangers = [name for name in targets if name not in known and (out / name).exists()]
    if strangers and (record is None or record.status != WRITING):
        msg = (
            f"Footvol must not write over files of unknown origin: got {listed(strangers)}. "
            "Move them away, or pass --force to write over them."
        )
        raise ArtefactError(msg)
