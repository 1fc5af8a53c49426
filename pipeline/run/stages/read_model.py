"""Loading of a user's own model."""

from pathlib import Path

from pipeline.errors import ConfigError, file_fault
from pipeline.run.user_models import model_files, read_manifest
from pipeline.segmenters.user_model.manifest import NnunetManifest
from pipeline.segmenters.user_model.nnunet import load_nnunet
from pipeline.segmenters.user_model.onnx import load_onnx
from pipeline.segmenters.user_model.user_segmenter import UserModel


def read_model(manifest_path: Path, kind: str) -> UserModel:
    """Read a model and check it against its manifest.

    Raises
    ------
    ConfigError
        If a file cannot be read, or manifest and model do not fit.
    """
    manifest = read_manifest(manifest_path, kind)
    files = model_files(manifest_path, kind)
    try:
        contents = {name: path.read_bytes() for name, path in files.items()}
    except OSError as error:
        msg = (
            f"A model must be readable: got {file_fault(error)} for {str(error.filename)!r}. "
            "Check its permissions."
        )
        raise ConfigError(msg) from error
    if isinstance(manifest, NnunetManifest):
        return load_nnunet(manifest, contents)
    return load_onnx(manifest, contents[manifest.file])
