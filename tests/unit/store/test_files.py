"""Whole files or none."""

import errno
import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.files import (
    locked,
    read_json,
    remove_dead_scratch,
    scratch_folder,
    sha256_of,
    write_json,
    written_whole,
)


def test_a_finished_block_leaves_the_file(tmp_path: Path) -> None:
    """The target and its folder are created, and no scratch file remains."""
    target = tmp_path / "new" / "a.txt"

    with written_whole(target) as scratch:
        scratch.write_text("whole")

    assert [p.name for p in target.parent.iterdir()] == ["a.txt"]


def test_a_broken_block_leaves_what_was_there(tmp_path: Path) -> None:
    """An error neither alters the old file nor leaves a scratch file."""
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


def test_a_file_in_place_of_the_output_folder_is_reported(tmp_path: Path) -> None:
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
        ("{", r"must be JSON: got invalid JSON at line 1, column 2\. Correct"),
        ("[1]", r"must be a JSON object: got a list\."),
        ("1", r"must be a JSON object: got a single value\."),
        (b"\xff\xfe{", r"must be JSON: got text that is not UTF-8, at byte 0\."),
        ('{"a":' * 100_000, r"must be JSON: got objects nested too deep\."),
        (f'{{"a": {"9" * 5000}}}', r"must be JSON: got too long a number\."),
        ('{"a": {"b": 1, "b": true}}', r"must be JSON: got two values of 'b'\."),
    ],
)
def test_invalid_json_is_refused(
    content: str | bytes | None, words: str, tmp_path: Path
) -> None:
    """Each fault of a JSON file has its own message."""
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(ArtefactError, match=words):
        read_json(path)


def test_a_repeated_equal_value_is_accepted(tmp_path: Path) -> None:
    """Some converters repeat a field; equal values are not ambiguous."""
    (tmp_path / "a.json").write_text('{"a": [1, "x"], "a": [1, "x"]}')

    assert read_json(tmp_path / "a.json") == {"a": [1, "x"]}


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.store.files import written_whole
with written_whole(Path(sys.argv[1])) as scratch:
    scratch.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.integration
def test_scratch_of_a_killed_process_is_removed_and_that_in_use_stays(tmp_path: Path) -> None:
    """The lock distinguishes the two, whatever the names or numbers of the processes."""
    target = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    (dead,) = tmp_path.iterdir()

    with scratch_folder(tmp_path) as scratch:
        remove_dead_scratch(tmp_path, tmp_path / "missing")

        assert not dead.exists()
        assert scratch.is_dir()
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_was_not_locked_yet_when_its_process_died_is_removed(
    tmp_path: Path,
) -> None:
    """A process may be killed between any two steps."""
    (tmp_path / ".footvol-empty").mkdir()
    remove_dead_scratch(tmp_path)

    assert not [*tmp_path.iterdir()]


def test_a_folder_that_was_removed_before_its_lock_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may look after a folder is made and before it is locked."""
    made: list[Path] = []

    def taken_at_first(*, prefix: str, dir: Path) -> str:
        folder = dir / f"{prefix}{len(made)}"
        folder.mkdir()
        made.append(folder)
        if len(made) == 1:
            remove_dead_scratch(tmp_path)
        return str(folder)

    monkeypatch.setattr("tempfile.mkdtemp", taken_at_first)
    with scratch_folder(tmp_path) as scratch:
        assert scratch.parent == made[1]


def test_without_file_locks_scratch_is_used_but_never_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems have no locks."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with scratch_folder(tmp_path) as scratch:
        remove_dead_scratch(tmp_path)

        assert scratch.is_dir()
    assert not [*tmp_path.iterdir()]


def test_names_as_long_as_a_disk_allows_can_be_written(tmp_path: Path) -> None:
    """The scratch file's name is no longer than the target's."""
    target = tmp_path / ("n" * 251 + ".txt")
    with written_whole(target) as scratch:
        scratch.write_text("whole")

    assert target.read_text() == "whole"


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """Threads wait for each other, also in a folder that does not exist yet."""
    path, inside, most = tmp_path / "logs" / "lock", 0, 0

    def work() -> None:
        nonlocal inside, most
        with locked(path):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (most, inside) == (1, 0)
