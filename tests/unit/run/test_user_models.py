"""User models on disk."""

from pathlib import Path

import pytest
from user_models import nnunet_manifest_of

from pipeline.errors import ConfigError
from pipeline.run.user_models import model_files


def test_a_network_is_found_beside_its_manifest(manifest: Path) -> None:
    """The manifest names it."""
    assert model_files(manifest, "onnx") == {"mine.onnx": manifest.with_name("mine.onnx")}


def test_a_network_that_is_missing_is_refused(manifest: Path) -> None:
    """The message gives the place where it should be."""
    manifest.with_name("mine.onnx").unlink()

    with pytest.raises(
        ConfigError, match=r"must lie beside its manifest: got no '.*mine\.onnx'"
    ):
        model_files(manifest, "onnx")


def test_the_files_of_a_results_folder_lie_in_it(tmp_path: Path) -> None:
    """All files that the manifest names, and no others."""
    files = dict.fromkeys(("dataset.json", "fold_0/checkpoint_final.pth", "plans.json"), b"{}")
    for name, content in files.items():
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manifest = tmp_path / "mine.toml"
    manifest.write_text(nnunet_manifest_of(files))

    assert model_files(manifest, "nnunet") == {n: tmp_path / "results" / n for n in files}

    (tmp_path / "results" / "plans.json").unlink()
    with pytest.raises(
        ConfigError, match=r"must lie beside its manifest: got no '.*plans\.json'"
    ):
        model_files(manifest, "nnunet")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_refused(
    content: bytes | None, manifest: Path
) -> None:
    """Missing, or not text."""
    manifest.unlink()
    if content:
        manifest.write_bytes(content)

    with pytest.raises(ConfigError, match=r"segment\.model must be a readable TOML file.*work"):
        model_files(manifest, "onnx")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 20_000, r"must be TOML: got 'manifest\.toml' \(tables or lists"),
        ("name = ", r"must be TOML: got 'manifest\.toml' \(Invalid value"),
    ],
)
def test_a_manifest_that_is_not_toml_is_refused(text: str, words: str, manifest: Path) -> None:
    """Among them tables nested so deep that Python does not read them."""
    manifest.write_text(text)

    with pytest.raises(ConfigError, match=words):
        model_files(manifest, "onnx")
