"""A user's own network on disk."""

from pathlib import Path

import pytest
from own_models import by_brightness, record_of

from pipeline.errors import ConfigError
from pipeline.store.models import read_model, weights_of


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Write a network and its record."""
    content = by_brightness()
    (tmp_path / "mine.onnx").write_bytes(content)
    path = tmp_path / "record.toml"
    path.write_text(record_of(content))
    return path


def test_a_network_is_found_beside_its_record(record: Path) -> None:
    """And read with it."""
    assert weights_of(record) == record.with_name("mine.onnx")
    assert read_model(record, weights_of(record)).record.name == "mine"


def test_a_network_that_is_missing_is_refused(record: Path) -> None:
    """Found or read."""
    path = record.with_name("mine.onnx")
    path.unlink()

    with pytest.raises(ConfigError, match=r"must lie beside it: got no '.*mine\.onnx'"):
        weights_of(record)
    with pytest.raises(ConfigError, match=r"A model must be readable: got .*mine\.onnx"):
        read_model(record, path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_record_that_cannot_be_read_is_refused(content: bytes | None, record: Path) -> None:
    """Missing, or not text."""
    record.unlink()
    if content:
        record.write_bytes(content)

    with pytest.raises(ConfigError, match=r"segment\.model must be a readable TOML file.*work"):
        weights_of(record)
