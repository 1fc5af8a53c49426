"""Locks: who holds them, who shares them, and where there are none."""

import errno
import fcntl
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.store import locks
from pipeline.store.locks import find_holder, lock_held

HOLD = """
import sys, time
from pathlib import Path
from pipeline.store.locks import lock_held
with lock_held(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_command_is_refused_with_the_owner_of_the_lock(tmp_path: Path) -> None:
    """The sentence has user, host, process, time and what to do."""
    with (
        lock_held(tmp_path / "lock", "the folder"),
        pytest.raises(
            ConfigError, match=r"work on the folder: got it in use by .+ on .+"
        ) as caught,
        lock_held(tmp_path / "lock", "the folder", wait_s=0),
    ):
        pass

    assert f"(process {os.getpid()}), since 20" in str(caught.value)
    assert "Run again when that has ended." in str(caught.value)


def test_a_lock_is_free_after_the_block_and_its_file_means_nothing(tmp_path: Path) -> None:
    """The file is left, as another process may be about to lock it."""
    for _ in range(2):
        with lock_held(tmp_path / "new" / "lock", "it", wait_s=0):
            pass

    assert [path.name for path in (tmp_path / "new").iterdir()] == ["lock"]
    assert find_holder(tmp_path / "new" / "lock") is None


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_a_lock_is_shared_only_by_those_who_share(
    tmp_path: Path, first: bool, second: bool, is_refused: bool
) -> None:
    """Whoever needs a folder alone waits for all others."""
    got = "free"
    with lock_held(tmp_path / "lock", "it", is_shared=first):
        try:
            with lock_held(tmp_path / "lock", "it", is_shared=second, wait_s=0):
                pass
        except ConfigError:
            got = "refused"

    assert got == ("refused" if is_refused else "free")


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    """As long as asked for, while another holds it."""
    started = time.monotonic()
    with (
        lock_held(tmp_path / "lock", "it"),
        pytest.raises(ConfigError),
        lock_held(tmp_path / "lock", "it", wait_s=0.2),
    ):
        pass

    assert time.monotonic() - started >= 0.2


def test_the_holder_can_be_asked_for(tmp_path: Path) -> None:
    """Its name is read from the file; the lock itself tells whether that still holds."""
    with lock_held(tmp_path / "lock", "it"):
        holder = find_holder(tmp_path / "lock")

    assert holder is not None
    assert holder.process == os.getpid()
    assert find_holder(tmp_path / "none") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"user": "A"}'])
def test_a_holder_without_a_name_is_another_process(tmp_path: Path, content: bytes) -> None:
    """Its file may be read while it is written."""
    path = tmp_path / "lock"
    with lock_held(path, "it"):
        path.write_bytes(content)
        assert str(find_holder(path)).startswith("someone on unknown")
        with (
            pytest.raises(ConfigError, match="in use by another process"),
            lock_held(path, "it", wait_s=0),
        ):
            pass


@pytest.mark.integration
def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The system releases it, whatever its file says."""
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        holder = find_holder(path)
        process.kill()
        process.wait()

    assert holder is not None
    assert holder.process == process.pid
    with lock_held(path, "it", wait_s=0):
        assert json.loads(path.read_text())["process"] == os.getpid()


def test_a_file_system_without_locks_is_warned_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The block runs all the same."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    locks._warn_of_no_locks.cache_clear()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with lock_held(tmp_path / "lock", "it"):
                assert find_holder(tmp_path / "lock") is None

    assert caplog.messages == [
        f"{tmp_path}: no locks on this file system. Run one command at a time."
    ]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Here a file is in the way."""
    (tmp_path / "logs").write_text("a file")

    with (
        pytest.raises(ConfigError, match=r"output folder must be writable: got 'File exists'"),
        lock_held(tmp_path / "logs" / "lock", "it"),
    ):
        pass


def test_a_user_without_a_name_can_hold_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that has no entry for its user."""

    def refuse() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", refuse)
    with lock_held(tmp_path / "lock", "it"):
        holder = find_holder(tmp_path / "lock")

    assert holder is not None
    assert holder.user == "someone"
