"""Writing of DICOM objects."""

from collections.abc import Mapping
from pathlib import Path

from pydicom import Dataset

from pipeline.errors import ConfigError, listed
from pipeline.store.files import not_writable, scratch_folder


def save_objects(objects: Mapping[Path, Dataset]) -> None:
    """Write all objects of one folder, or none.

    Raises
    ------
    ConfigError
        If one of the files exists, or the folder cannot be written to.
    """
    (folder,) = {path.parent for path in objects}
    there = [path.name for path in objects if path.exists() or path.is_symlink()]
    if there:
        msg = f"Objects are never overwritten: got {listed(there)}. Remove them."
        raise ConfigError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder) as scratch:
            for path, made in objects.items():
                made.save_as(scratch / path.name, enforce_file_format=True)
            for path in objects:
                (scratch / path.name).replace(path)
    except OSError as error:
        raise not_writable(folder, error) from error
