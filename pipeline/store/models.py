"""A network of the user's own on disk: its record, and the ONNX file beside it."""

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.segmenters.own_model import ModelRecord, OwnModel, load_model, parse_record


def weights_of(record_path: Path) -> Path:
    """Give the ONNX file that a record tells of, in the record's folder.

    Raises
    ------
    ConfigError
        If a file is missing, or the record does not hold what it must.
    """
    path = record_path.parent / _record(record_path).file
    if not path.is_file():
        msg = (
            f"The model of a record must lie beside it: got no {str(path)!r}. Put it there, or "
            "correct `file` in the record."
        )
        raise ConfigError(msg)
    return path


def read_model(record_path: Path, weights_path: Path) -> OwnModel:
    """Read a network and hold it to its record.

    Raises
    ------
    ConfigError
        If a file cannot be read, or record and network do not fit.
    """
    try:
        content = weights_path.read_bytes()
    except OSError as error:
        msg = f"A model must be readable: got {error}. Check its permissions."
        raise ConfigError(msg) from error
    return load_model(_record(record_path), content)


def _record(path: Path) -> ModelRecord:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            "segment.model must be a readable TOML file, the record of a model: got "
            f"{str(path)!r} ({error}). Check the path; it is taken from the working folder."
        )
        raise ConfigError(msg) from error
    return parse_record(text, path.name)
