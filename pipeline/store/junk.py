"""Files beside the data that systems and programs leave: never part of a scan."""

from collections.abc import Iterable
from pathlib import Path

# Of macOS, Windows, Synology and Linux; macOS and version control also begin with a dot.
_LEFT_BEHIND = frozenset(
    ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "#recycle",
     "system volume information", "@eadir", "lost+found", "icon\r")
)  # fmt: skip
# Programs that hospitals put on a disc to show its images, and what comes with them.
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
    """Whether a name below a folder says that a system or a disc's viewer left a file there.

    A folder of that name makes junk of all that lies in it.
    """
    *folders, name = (part.lower() for part in path.relative_to(folder).parts)
    parts = (*folders, name)
    return (
        name == _DISC_DIRECTORY
        or any(part in _LEFT_BEHIND or part.startswith(".") for part in parts)
        or any(part.endswith(_PROGRAM_ENDINGS) for part in parts)
    )


def is_of_viewer(path: Path, folder: Path) -> bool:
    """Whether a path below a folder is, or lies in, what is named as a viewer of images.

    An image there may still be a patient's: the name of a folder is no proof.
    """
    return any(part.lower() in _VIEWERS for part in path.relative_to(folder).parts)


def without_junk(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Give the paths below a folder that are not junk, in their order."""
    return [path for path in paths if not is_junk(path, folder)]
