"""Records of what each stage wrote, and whether these outputs are up to date."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
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
    """The record of one stage of one participant, ``OUT/logs/sub-XX/<stage>.json``.

    Parameters
    ----------
    key
        The cache key: a hash of inputs, settings, code and versions of libraries.
    parts
        The hash of each of these, by which `status` says what changed.
    inputs
        sha256 of the input files, by BIDS URI.
    outputs
        sha256 of the output files, by path below OUT.
    status
        ``done``, ``failed``, or ``writing`` while outputs are moved into OUT.
    code
        Exit code of the failure; 0 when done.
    pending
        sha256 of the files that were being moved into OUT when the process was killed, by
        path: each file is either the one in `outputs` or the one here.
    """

    key: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    status: Literal["done", "failed", "writing"] = DONE
    reason: str | None = None
    code: int = 0
    seconds: float = 0.0
    pending: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> frozenset[str]:
        """Paths below OUT of all recorded files."""
        return frozenset((*self.outputs, *self.pending))


def hash_of(content: Mapping[str, Any]) -> str:
    """Give the sha256 of a mapping, independent of the order of its keys."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(path: Path, *, force: bool = False) -> StageRecord | None:
    """Read a record; None if the stage was never run.

    Parameters
    ----------
    force
        Give None for a damaged record, too.

    Raises
    ------
    ArtefactError
        If the file is not a record, unless `force` is set.
    """
    try:
        return _read_record(path) if path.exists() else None
    except ArtefactError:
        if force:
            return None
        raise


def _read_record(path: Path) -> StageRecord:
    try:
        text = json.dumps(parse_json(path.read_bytes()))
        record = _RECORD.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(key) for key in first["loc"])
        raise ArtefactError(_damaged(path, where or str(first["msg"]))) from error
    except OSError as error:
        raise ArtefactError(_damaged(path, str(error.strerror))) from error
    except ValueError as error:
        raise ArtefactError(_damaged(path, str(error))) from error
    outside = [
        name
        for name in record.files
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts
    ]
    if outside:
        raise ArtefactError(_damaged(path, f"{outside[0]!r}, which lies outside OUT"))
    return record


_RECORD = TypeAdapter(StageRecord)


def _damaged(path: Path, fault: str) -> str:
    return (
        f"A stage record must be readable JSON, as footvol wrote it: got {str(path)!r}, where "
        f"the fault is {fault}. Restore it, or pass --force to run the stage again."
    )


def write_record(record: StageRecord, path: Path) -> None:
    """Write a record."""
    with written_whole(path) as scratch:
        scratch.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def is_current(record: StageRecord | None, key: str, out: Path) -> bool:
    """Whether a stage was done with this key and all its outputs exist."""
    return (
        record is not None
        and record.status == DONE
        and record.key == key
        and all((out / name).exists() for name in record.outputs)
    )


def check_unaltered(
    record: StageRecord | None, out: Path, sha256: Callable[[Path], str] = sha256_of
) -> None:
    """Refuse outputs that were changed after they were recorded.

    Parameters
    ----------
    sha256
        Gives the sha256 of a file, such as one that remembers those that were read.

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
        and sha256(out / name) not in (record.outputs.get(name), record.pending.get(name))
    ]
    if altered:
        msg = (
            "Files that footvol wrote must stay as written: altered since then: "
            f"{listed(altered)}. Restore them, or pass --force to overwrite them; labels "
            "corrected by hand belong in corrections/."
        )
        raise ArtefactError(msg)


def check_unclaimed(record: StageRecord | None, targets: Iterable[str], out: Path) -> None:
    """Refuse to overwrite files that are not recorded as written by footvol.

    Raises
    ------
    ArtefactError
        Naming the first eight such files.
    """
    known = record.files if record else frozenset()
    unrecorded = [name for name in targets if name not in known and os.path.lexists(out / name)]
    if unrecorded:
        msg = (
            f"Footvol must not overwrite files of unknown origin: got {listed(unrecorded)}. "
            "Move them away, or pass --force to overwrite them."
        )
        raise ArtefactError(msg)


def put_in_place(
    record: StageRecord, scratch: Path, out: Path, path: Path, *, force: bool = False
) -> dict[str, str]:
    """Move all files of a scratch folder into OUT, and remove other files in the record.

    The record is written first, so that it knows all files if the process is killed midway.

    Parameters
    ----------
    record
        The files that were written before.
    path
        File of the record.

    Returns
    -------
    dict
        sha256 of the moved files, by path below OUT.

    Raises
    ------
    ArtefactError
        If one of the files there was not written by footvol or was changed since, unless
        `force` is set.
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
