"""What each stage did, and whether that still holds."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from pipeline.errors import ArtefactError, listed
from pipeline.store.files import parse_json, sha256_of, written_whole

DONE: Literal["done"] = "done"
FAILED: Literal["failed"] = "failed"
WRITING: Literal["writing"] = "writing"


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of one participant, as ``OUT/logs/sub-XX/<stage>.json`` holds it.

    Parameters
    ----------
    key
        Hash of all that decides the outputs: inputs, settings, code, versions of libraries.
    inputs
        sha256 by BIDS URI of what was read.
    outputs
        sha256 by path below OUT of what was written.
    status
        ``done``, ``failed``, or ``writing`` while outputs are put in place.
    code
        Exit code that the failure stands for; 0 when done.
    pending
        sha256 by path of what was being put in place when the work ended early: each of
        these files is as `outputs` says, or as this does.
    """

    key: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    status: Literal["done", "failed", "writing"] = DONE
    reason: str | None = None
    code: int = 0
    seconds: float = 0.0
    pending: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> frozenset[str]:
        """Paths below OUT of all that it knows of."""
        return frozenset((*self.outputs, *self.pending))


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
        text = json.dumps(parse_json(path.read_bytes()))
        record = _RECORD.validate_json(text, strict=True)
    except ValidationError as error:
        fact = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fact["loc"])
        raise ArtefactError(_no_record(path, where or str(fact["msg"]))) from error
    except OSError as error:
        raise ArtefactError(_no_record(path, str(error.strerror))) from error
    except ValueError as error:
        raise ArtefactError(_no_record(path, str(error))) from error
    outside = [
        name
        for name in record.files
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
    ]
    if outside:
        raise ArtefactError(_no_record(path, f"{outside[0]!r}, which lies outside OUT"))
    return record


_RECORD = TypeAdapter(StageRecord)


def _no_record(path: Path, fault: str) -> str:
    return (
        f"A stage record must be readable JSON, as footvol wrote it: got {str(path)!r}, at "
        f"fault at {fault}. Restore it, or pass --force to make the stage anew."
    )


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
        Naming the first eight altered files.
    """
    if record is None:
        return
    altered = [
        name
        for name in sorted(record.files)
        if (out / name).exists()
        and sha256_of(out / name) not in (record.outputs.get(name), record.pending.get(name))
    ]
    if altered:
        msg = (
            "Files that footvol wrote must stay as written: altered since then: "
            f"{listed(altered)}. Restore them, or pass --force to write them anew; labels "
            "corrected by hand belong in corrections/."
        )
        raise ArtefactError(msg)


def check_unclaimed(record: StageRecord | None, targets: Iterable[str], out: Path) -> None:
    """Refuse to write over files that no record says footvol wrote.

    Raises
    ------
    ArtefactError
        Naming the first eight such files.
    """
    known = record.files if record else frozenset()
    strangers = [
        name
        for name in targets
        if name not in known and ((out / name).exists() or (out / name).is_symlink())
    ]
    if strangers:
        msg = (
            f"Footvol must not write over files of unknown origin: got {listed(strangers)}. "
            "Move them away, or pass --force to write over them."
        )
        raise ArtefactError(msg)


def put_in_place(
    record: StageRecord, scratch: Path, out: Path, path: Path, *, force: bool = False
) -> dict[str, str]:
    """Move all files of a scratch folder into OUT, and remove what the record has beyond them.

    The record is written first, so that a kill in between leaves files that it knows.

    Parameters
    ----------
    record
        Tells what was written before.
    path
        Where the record lies.

    Returns
    -------
    dict
        sha256 by path below OUT of the files that were moved.

    Raises
    ------
    ArtefactError
        If somebody wrote or changed one of the files there, unless `force` is set.
    """
    files = sorted(p.relative_to(scratch).as_posix() for p in scratch.rglob("*") if p.is_file())
    if not force:
        check_unaltered(record, out)
        check_unclaimed(record, files, out)
    before = {name: sha256_of(out / name) for name in record.files if (out / name).is_file()}
    sums = {name: sha256_of(scratch / name) for name in files}
    if record.status == DONE and before == sums == record.outputs:
        return sums
    write_record(replace(record, outputs=before, pending=sums, status=WRITING), path)
    for name in files:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).replace(target)
    for name in before.keys() - sums.keys():
        (out / name).unlink(missing_ok=True)
    return sums
