"""User models on disk: the manifest, and the files beside it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.domain.segmenter_names import NNUNET
from pipeline.errors import ConfigError, file_fault
from pipeline.segmenters.user_model.manifest import NnunetManifest, OnnxManifest, parse_manifest
from pipeline.store.toml_text import parse_toml


def model_files(manifest_path: Path, kind: str) -> dict[str, Path]:
    """Give the files of a model by the names that its manifest uses.

    Parameters
    ----------
    kind
        Segmenter that is to use them.

    Raises
    ------
    ConfigError
        If a file is missing, or the manifest is not valid.
    """
    manifest = read_manifest(manifest_path, kind)
    if isinstance(manifest, NnunetManifest):
        folder = manifest_path.parent / manifest.folder
        files = {name: folder / name for name in manifest.files}
    else:
        files = {manifest.file: manifest_path.parent / manifest.file}
    for path in files.values():
        if not path.is_file():
            msg = (
                f"A model must lie beside its manifest: got no {str(path)!r}. Put it there, or "
                "correct the manifest."
            )
            raise ConfigError(msg)
    return files


def read_manifest(path: Path, kind: str) -> OnnxManifest | NnunetManifest:
    """Read the manifest of a model.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not valid.
    """
    content = _read_toml(path)
    if kind == NNUNET:
        return parse_manifest(content, path.name, NnunetManifest)
    return parse_manifest(content, path.name, OnnxManifest)


def _read_toml(path: Path) -> Mapping[str, Any]:
    try:
        return parse_toml(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        msg = (
            f"The manifest of a model must be TOML: got {path.name!r} ({error}). Correct that "
            "line."
        )
        raise ConfigError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            "segment.model must be a readable TOML file, the manifest of a model: got "
            f"{str(path)!r}, with {file_fault(error)}. Check the path; it is taken from the "
            "working folder."
        )
        raise ConfigError(msg) from error
