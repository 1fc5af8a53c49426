"""Loading of a user's own model."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.run.stages.read_model import read_model


def test_a_model_is_read_with_its_manifest(manifest: Path) -> None:
    """The manifest says what it is called."""
    assert read_model(manifest, "onnx").manifest.name == "mine"


def test_a_network_that_cannot_be_read_is_refused(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as for lack of permission."""

    def forbid(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", forbid)

    with pytest.raises(ConfigError, match=r"A model must be readable: got .*mine\.onnx"):
        read_model(manifest, "onnx")
