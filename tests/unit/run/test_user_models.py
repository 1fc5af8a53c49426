"""A user's own network on disk."""

from pathlib import Path

import pytest
from user_models import by_brightness, manifest_of, nnunet_manifest_of

from pipeline.errors import ConfigError
from pipeline.run.user_models import model_files, read_model


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Write a network and its record."""
    content = by_brightness()
    (tmp_path / "mine.onnx").write_bytes(content)
    path = tmp_path / "record.toml"
    path.write_text(manifest_of(content))
    return path


def test_a_network_is_found_beside_its_record(record: Path) -> None:
    """And read with it."""
    assert model_files(record, "onnx") == {"mine.onnx": record.with_name("mine.onnx")}
    assert read_model(record, "onnx").record.name == "mine"


def test_a_network_that_is_missing_is_refused(record: Path) -> None:
    """With the place where it should be."""
    record.with_name("mine.onnx").unlink()

    with pytest.raises(ConfigError, match=r"must lie beside it: got no '.*mine\.onnx'"):
        model_files(record, "onnx")


def test_a_network_that_cannot_be_read_is_refused(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its permissions forbid it."""

    def forbid(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", forbid)

    with pytest.raises(ConfigError, match=r"A model must be readable: got .*mine\.onnx"):
        read_model(record, "onnx")


def test_the_files_of_a_results_folder_lie_in_it(tmp_path: Path) -> None:
    """All of those that the record names, and no other."""
    files = dict.fromkeys(("dataset.json", "fold_0/checkpoint_final.pth", "plans.json"), b"{}")
    for name, content in files.items():
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    record = tmp_path / "mine.toml"
    record.write_text(nnunet_manifest_of(files))

    assert model_files(record, "nnunet") == {n: tmp_path / "results" / n for n in files}

    (tmp_path / "results" / "plans.json").unlink()
    with pytest.raises(ConfigError, match=r"must lie beside it: got no '.*plans\.json'"):
        model_files(record, "nnunet")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_record_that_cannot_be_read_is_refused(content: bytes | None, record: Path) -> None:
    """Missing, or not text."""
    record.unlink()
    if content:
        record.write_bytes(content)

    with pytest.raises(ConfigError, match=r"segment\.model must be a readable TOML file.*work"):
        model_files(record, "onnx")
