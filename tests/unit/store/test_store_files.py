"""Whole files or none."""

import hashlib
from pathlib import Path

import pytest

from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.files import read_json, sha256_of, write_json, written_whole


def test_a_finished_block_leaves_the_file(tmp_path: Path) -> None:
    """The target appears with its folder, and no scratch file stays."""
    target = tmp_path / "new" / "a.txt"

    with written_whole(target) as scratch:
        scratch.write_text("whole")

    assert [p.name for p in target.parent.iterdir()] == ["a.txt"]


def test_a_broken_block_leaves_what_was_there(tmp_path: Path) -> None:
    """An error half way neither alters the old file nor leaves a scratch."""
    target = tmp_path / "a.nii.gz"
    target.write_text("old")

    def fail() -> None:
        with written_whole(target) as scratch:
            assert scratch.name.endswith(".nii.gz")
            scratch.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    """An output folder that cannot be made is the user's fault, exit code 2."""
    (tmp_path / "out").write_text("")

    with (
        pytest.raises(ConfigError, match=r"folder must be writable: got .*out"),
        written_whole(tmp_path / "out" / "logs" / "a.txt") as scratch,
    ):
        scratch.write_text("never")


def test_checksum_is_sha256(tmp_path: Path) -> None:
    """The sum is that of the bytes."""
    (tmp_path / "a").write_bytes(b"foot")

    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"foot").hexdigest()


def test_order_of_keys_does_not_change_the_bytes(tmp_path: Path) -> None:
    """Equal objects give equal files."""
    write_json({"b": 1, "a": "µ"}, tmp_path / "1.json")
    write_json({"a": "µ", "b": 1}, tmp_path / "2.json")

    assert sha256_of(tmp_path / "1.json") == sha256_of(tmp_path / "2.json")
    assert read_json(tmp_path / "1.json") == {"a": "µ", "b": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "must exist"),
        ("{", "must be JSON"),
        ("[1]", r"JSON object: got '\[1\]'"),
        ("[" * 100_000, "must be JSON"),
        (b"\xff\xfe{", "must be JSON"),
    ],
)
def test_json_that_is_none_is_refused(
    content: str | bytes | None, words: str, tmp_path: Path
) -> None:
    """Each fault of a JSON file has its words."""
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(ArtefactError, match=words):
        read_json(path)
