"""A network of the user's own on disk: its record, and the files beside it."""

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.segmenters.user_model.manifest import NnunetManifest, OnnxManifest, parse_manifest
from pipeline.segmenters.user_model.nnunet import NNUNET, load_nnunet
from pipeline.segmenters.user_model.onnx import load_onnx
from pipeline.segmenters.user_model.user_segmenter import UserModel
from pipeline.store.files import read_fault


def model_files(record_path: Path, kind: str) -> dict[str, Path]:
    """Give the files that a record tells of, by the name that it has for them.

    Parameters
    ----------
    kind
        Segmenter that is to use them.

    Raises
    ------
    ConfigError
        If one is missing, or the record does not hold what it must.
    """
    record = _record(record_path, kind)
    if isinstance(record, NnunetManifest):
        folder = record_path.parent / record.folder
        files = {name: folder / name for name in record.files}
    else:
        files = {record.file: record_path.parent / record.file}
    for path in files.values():
        if not path.is_file():
            msg = (
                f"The model of a record must lie beside it: got no {str(path)!r}. Put it "
                "there, or correct the record."
            )
            raise ConfigError(msg)
    return files


def read_model(record_path: Path, kind: str) -> UserModel:
    """Read a network and hold it to its record.

    Raises
    ------
    ConfigError
        If a file cannot be read, or record and network do not fit.
    """
    record, files = _record(record_path, kind), model_files(record_path, kind)
    try:
        contents = {name: path.read_bytes() for name, path in files.items()}
    except OSError as error:
        msg = (
            f"A model must be readable: got {read_fault(error)} for {str(error.filename)!r}. "
            "Check its permissions."
        )
        raise ConfigError(msg) from error
    if isinstance(record, NnunetManifest):
        return load_nnunet(record, contents)
    return load_onnx(record, contents[record.file])


def _record(path: Path, kind: str) -> OnnxManifest | NnunetManifest:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            "segment.model must be a readable TOML file, the record of a model: got "
            f"{str(path)!r}, with {read_fault(error)}. Check the path; it is taken from the "
            "working folder."
        )
        raise ConfigError(msg) from error
    if kind == NNUNET:
        return parse_manifest(text, path.name, NnunetManifest)
    return parse_manifest(text, path.name, OnnxManifest)
