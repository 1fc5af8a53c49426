"""Files that must hold their content here: no pipes, no stand-ins of git-annex or Git LFS."""

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
_LARGEST_POINTER_BYTES = 1024  # of a text that stands for a file of another place
_POINTERS = {
    b"version https://git-lfs.github.com/": "a pointer of Git LFS",
    b"/annex/objects/": "a pointer of git-annex",
}
_ANNEX_LINK = {"annex", "objects"}
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls


def check_content(
    path: Path, error: type[PipelineError] = ScanError, *, is_named: bool = True
) -> None:
    """Refuse what is there but has no content to read; what is missing is left to the reader.

    Parameters
    ----------
    error
        Class of the error.
    is_named
        Whether the message gives the file's name; that of a DICOM file may name a person.

    Raises
    ------
    PipelineError
        Of the class `error`, if it is a pipe, a device or a socket, or stands for a file
        that git-annex or Git LFS has not fetched.
    """
    shown, place = (repr(path.name), repr(path.name)) if is_named else ("a file", ".")
    try:
        kind, stands_for = _kind_of(path), _stand_in(path)
    except OSError:  # so it cannot be read, which the reader says better
        return
    if kind:
        msg = (
            f"What is read must be a regular file: got {shown}, which is {kind}. Copy its "
            "content into a file."
        )
        raise error(msg)
    if stands_for:
        command = "git lfs pull --include" if "LFS" in stands_for else "datalad get"
        msg = (
            f"A file must have its content here: got {shown}, which is {stands_for} without "
            f"it. Fetch it with: {command} {place}"
        )
        raise error(msg)


def read_text(path: Path, advice: str) -> str:
    """Read text in UTF-8 that a person made, with or without a byte order mark.

    Parameters
    ----------
    advice
        What to do where there is no such file.

    Raises
    ------
    ConfigError
        If there is no such file, or it is in another encoding, which is named.
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


def _stand_in(path: Path) -> str | None:
    """Tell what stands in the place of the file, if anything does."""
    if path.is_symlink() and not path.exists():
        is_annexed = {*path.readlink().parts} >= _ANNEX_LINK
        return "a link of git-annex" if is_annexed else None
    if not path.is_file() or path.stat().st_size > _LARGEST_POINTER_BYTES:
        return None
    content = path.read_bytes()
    return next((what for start, what in _POINTERS.items() if content.startswith(start)), None)


def _decoded(content: bytes, name: str) -> str:
    """Decode UTF-8; what else there is, is named without quoting any word of it."""
    try:
        if content.startswith(_SPREADSHEETS):
            cause = "a spreadsheet program's own file"
        elif content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            cause = "UTF-16"
        elif b"\0" in content:
            cause = "zero bytes, as UTF-16 and files that are no text have"
        else:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cause = (
            f"the byte 0x{content[error.start]:02X} in line {line}, as Latin-1 and "
            "Windows-1252 have for letters with accents"
        )
    msg = f"{name} must be text in UTF-8: got {cause}. Save it as UTF-8."
    raise ConfigError(msg)
