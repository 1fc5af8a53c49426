"""Checks before a file is read: no pipes, no placeholders of git-annex or Git LFS."""

import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from pipeline.errors import ConfigError, PipelineError, ScanError, file_fault

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_LARGEST_POINTER_BYTES = 1024  # of a text file that refers to content stored elsewhere
_POINTERS = {
    b"version https://git-lfs.github.com/": "a pointer of Git LFS",
    b"/annex/objects/": "a pointer of git-annex",
}
_ANNEX_LINK = {"annex", "objects"}
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls


def check_content(
    path: Path, error: type[PipelineError] = ScanError, *, is_named: bool = True
) -> None:
    """Refuse a path that exists but has no content; a missing file is left to the reader.

    Parameters
    ----------
    error
        Class of the error.
    is_named
        Whether the message quotes the file's name; that of a DICOM file may name a person.

    Raises
    ------
    PipelineError
        Of the class `error`, if it is a pipe, a device or a socket, or a placeholder for a
        file that git-annex or Git LFS has not fetched.
    """
    shown, place = (repr(path.name), repr(path.name)) if is_named else ("a file", ".")
    try:
        kind, placeholder = _kind_of(path), _placeholder(path)
    except OSError:  # unreadable, which the reader reports better
        return
    if kind:
        msg = (
            f"Input must be a regular file: got {shown}, which is {kind}. Copy its content "
            "into a file."
        )
        raise error(msg)
    if placeholder:
        command = "git lfs pull --include" if "LFS" in placeholder else "datalad get"
        msg = (
            f"A file must have its content here: got {shown}, which is {placeholder} without "
            f"it. Fetch it with: {command} {place}"
        )
        raise error(msg)


def read_text(path: Path, advice: str) -> str:
    """Read a UTF-8 text file that a person wrote, with or without a byte order mark.

    Parameters
    ----------
    advice
        What to do if there is no such file.

    Raises
    ------
    ConfigError
        If there is no such file, or it has another encoding; the message names it.
    """
    check_content(path, ConfigError)
    if not path.is_file():
        got = "something else of that name" if path.exists() else "none"
        msg = f"There must be a file {path.name!r}: got {got} in {str(path.parent)!r}. {advice}"
        raise ConfigError(msg)
    try:
        return _decoded(path.read_bytes(), path.name)
    except OSError as error:
        msg = f"{path.name} must be readable: got {file_fault(error)}. Check its permissions."
        raise ConfigError(msg) from error


def _kind_of(path: Path) -> str | None:
    return _KINDS.get(stat.S_IFMT(path.stat().st_mode)) if path.exists() else None


def _placeholder(path: Path) -> str | None:
    """Name the placeholder that a file is, if it is one."""
    if path.is_symlink() and not path.exists():
        is_annexed = {*path.readlink().parts} >= _ANNEX_LINK
        return "a link of git-annex" if is_annexed else None
    if not path.is_file() or path.stat().st_size > _LARGEST_POINTER_BYTES:
        return None
    content = path.read_bytes()
    return next((what for start, what in _POINTERS.items() if content.startswith(start)), None)


def _decoded(content: bytes, name: str) -> str:
    """Decode UTF-8; the message about any other encoding quotes nothing of the text."""
    try:
        if content.startswith(_SPREADSHEETS):
            cause = "a spreadsheet program's own file"
        elif content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            cause = "UTF-16"
        elif b"\0" in content:
            cause = "zero bytes, as in UTF-16 and binary files"
        else:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cause = (
            f"the byte 0x{content[error.start]:02X} in line {line}, as accented "
            "letters are in Latin-1 and Windows-1252"
        )
    msg = f"{name} must be text in UTF-8: got {cause}. Save it as UTF-8."
    raise ConfigError(msg)
