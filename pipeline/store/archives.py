"""Safe unpacking of zip and tar archives: nothing outside the folder, nothing oversized."""

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.errors import ScanError

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_LARGEST_BYTES = 16 * 2**30
_MOST_FILES = 200_000
# Images compress 2 to 10 times, an empty one 100 times; a zip bomb 1000 times.
_MAX_COMPRESSION = 100
_ALWAYS_BYTES = 64 * 2**20
_CHUNK_BYTES = 2**20


def is_archive(path: Path) -> bool:
    """Whether a file is named as a zip or tar archive."""
    return path.name.lower().endswith(ARCHIVE_ENDINGS) and path.is_file()


def without_archive_ending(name: str) -> str:
    """Return an archive's name without its ending."""
    endings = sorted(ARCHIVE_ENDINGS, key=len, reverse=True)
    ending = next((e for e in endings if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive into a new folder.

    Parts of names that would lead out of the folder (``..``, ``/``, drives) are dropped.

    Raises
    ------
    ScanError
        If the archive is damaged, encrypted, too large, compressed more than images can be,
        or contains links.
    """
    opened = _zip_members if archive.name.lower().endswith(".zip") else _tar_members
    folder.mkdir(parents=True)
    left = min(_LARGEST_BYTES, max(_ALWAYS_BYTES, _MAX_COMPRESSION * archive.stat().st_size))
    try:
        with opened(archive) as members:
            for number, (name, size, content) in enumerate(members):
                if number >= _MOST_FILES:
                    _refuse_size(f"more than {_MOST_FILES} files")
                if size > left:
                    _refuse_unpacked()
                with content:
                    left -= _copy(content, _inside(folder, name, number), left)
    except EOFError as error:
        raise ScanError(_not_whole(archive, "is cut off")) from error
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        LZMAError,
        RuntimeError,
        NotImplementedError,
        ValueError,
        OverflowError,
        OSError,
    ) as error:
        raise ScanError(_not_whole(archive, "cannot be unpacked")) from error


Members = Iterator[tuple[str, int, IO[bytes]]]


@contextmanager
def _zip_members(path: Path) -> Iterator[Members]:
    with zipfile.ZipFile(path) as archive:

        def members() -> Members:
            for member in archive.infolist():
                if stat.S_ISLNK(member.external_attr >> 16):
                    _refuse_link()
                if not member.is_dir():
                    yield member.filename, member.file_size, archive.open(member)

        yield members()


@contextmanager
def _tar_members(path: Path) -> Iterator[Members]:
    with tarfile.open(path, "r:*") as archive:

        def members() -> Members:
            for member in archive:
                if member.issym() or member.islnk():
                    _refuse_link()
                content = archive.extractfile(member) if member.isfile() else None
                if content:
                    yield member.name, member.size, content
            _check_end(archive)

        yield members()


def _check_end(archive: tarfile.TarFile) -> None:
    """Check that a tar ends in zeros, and the checksum of a compressed one.

    tarfile mistakes a damaged header for the end, and stops reading a stream there.
    """
    file = archive.fileobj
    if file is None:
        return
    file.seek(archive.offset)
    read = 0
    while chunk := file.read(_CHUNK_BYTES):
        read += len(chunk)
        if chunk.strip(b"\0") or read > _ALWAYS_BYTES:
            msg = "bytes after the end of the archive"
            raise tarfile.ReadError(msg)
    if not read:
        raise EOFError


def _not_whole(archive: Path, fact: str) -> str:
    return (
        f"An archive must be whole and not encrypted: got {archive.name!r}, which {fact}. Copy "
        "it again, or unpack it by hand and give the folder."
    )


def _inside(folder: Path, name: str, number: int) -> Path:
    """Return a path inside the folder for a member, whatever its name."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    safe = [
        p for p in parts if p not in {"/", "//", "..", "."} and ":" not in p and "\0" not in p
    ]
    target = folder.joinpath(*(safe or [f"{number:06d}"]))
    return target.with_name(f"{number:06d}_{target.name}") if target.exists() else target


def _copy(content: IO[bytes], target: Path, left: int) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    copied = 0
    with target.open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            copied += len(chunk)
            if copied > left:  # more than its header states
                _refuse_unpacked()
            file.write(chunk)
    _check_space(target)
    return copied


def _check_space(target: Path) -> None:
    if shutil.disk_usage(target.parent).free < _ALWAYS_BYTES:
        _refuse_size("more than fits on the disk for temporary files")


def _refuse_unpacked() -> None:
    _refuse_size(f"over {_LARGEST_BYTES / 2**30:g} GiB or {_MAX_COMPRESSION} times its own")


def _refuse_size(fact: str) -> None:
    msg = f"An archive must unpack to a size that scans have: got {fact}. Unpack it by hand."
    raise ScanError(msg)


def _refuse_link() -> None:
    msg = (
        "An archive must contain its files themselves: got a link to another file. Pack it "
        "again, following links."
    )
    raise ScanError(msg)
