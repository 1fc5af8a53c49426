"""Files that operating systems and programs leave beside the data."""

from collections.abc import Iterable
from pathlib import Path

# From macOS, Windows, Synology and Linux; names with a leading dot are handled below.
_LEFT_BEHIND = frozenset(
    ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "#recycle",
     "system volume information", "@eadir", "lost+found", "icon\r")
)  # fmt: skip
# Image viewers that hospitals put on a disc, and their folders.
_VIEWERS = frozenset(
    ("viewer", "dicomviewer", "dicom viewer", "dicom_viewer", "pacsviewer", "efilm", "efilmlt",
     "horos", "jre", "microdicom", "osirix", "radiant", "syngo", "weasis")
)  # fmt: skip
_PROGRAM_ENDINGS = (
    *(".exe", ".dll", ".bat", ".cmd", ".msi", ".lnk", ".inf", ".ico", ".chm", ".ocx"),
    *(".app", ".jar", ".so", ".dylib"),
)
_DISC_DIRECTORY = "dicomdir"


def is_junk(path: Path, folder: Path) -> bool:
    """Whether a system or a disc's viewer left a path below `folder`, judged by its name.

    Everything inside a folder with such a name is junk, too.
    """
    *folders, name = (part.lower() for part in path.relative_to(folder).parts)
    parts = (*folders, name)
    return (
        name == _DISC_DIRECTORY
        or any(part in _LEFT_BEHIND or part.startswith(".") for part in parts)
        or any(part.endswith(_PROGRAM_ENDINGS) for part in parts)
    )


def is_of_viewer(path: Path, folder: Path) -> bool:
    """Whether a path below `folder` is named as an image viewer or lies in such a folder.

    An image there may still be a patient's: the name of a folder proves nothing.
    """
    return any(part.lower() in _VIEWERS for part in path.relative_to(folder).parts)


def without_junk(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Return the paths below `folder` that are not junk, in the given order."""
    return [path for path in paths if not is_junk(path, folder)]
