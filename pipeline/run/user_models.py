"""A network of the user's own on disk: its record, and the files beside it."""

from pathlib import Path

from pipeline.errors import ConfigError, file_fault
from pipeline.segmenters.user_model.manifest import NnunetRecord, OnnxRecord, parse_record
from pipeline.segmenters.user_model.nnunet import NNUNET, load_nnunet
from pipeline.segmenters.user_model.onnx import load_onnx
from pipeline.segmenters.user_model.user_segmenter import OwnModel


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
    if isinstance(record, NnunetRecord):
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


def read_model(record_path: Path, kind: str) -> OwnModel:
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
            f"A model must be readable: got {file_fault(error)} for {str(error.filename)!r}. "
            "Check its permissions."
        )
        raise ConfigError(msg) from error
    if isinstance(record, NnunetRecord):
        return load_nnunet(record, contents)
    return load_onnx(record, contents[record.file])


def _record(path: Path, kind: str) -> OnnxRecord | NnunetRecord:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            "segment.model must be a readable TOML file, the record of a model: got "
            f"{str(path)!r}, with {file_fault(error)}. Check the path; it is taken from the "
            "working folder."
        )
        raise ConfigError(msg) from error
    if kind == NNUNET:
        return parse_record(text, path.name, NnunetRecord)
    return parse_record(text, path.name, OnnxRecord)
