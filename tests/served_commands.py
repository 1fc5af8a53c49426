"""Real commands that a process of `quick_commands` does, and what they leave behind."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass
class Commands:
    """A process that does quick commands, and how to kill them."""

    server: "subprocess.Popen[str]"
    printed: Path
    pid: int = field(default=0, init=False)

    def start(self, *words: object) -> None:
        """Start a command in a new session."""
        self.printed.write_text("")
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps([str(self.printed), *map(str, words)]) + "\n")
        self.server.stdin.flush()
        self.pid = self._read()

    def wait(self) -> int:
        """Give the exit code, or the signal as a negative number."""
        return self._read()

    def do(self, *words: object) -> int:
        """Do a command undisturbed."""
        self.start(*words)
        return self.wait()

    def workers(self) -> list[int]:
        """Give the processes that the command has started, without Python's own."""
        return [
            pid
            for pid, parent, group, words in _processes()
            if parent == self.pid and group == self.pid and "resource_tracker" not in words
        ]

    def survivors(self) -> list[str]:
        """Give the processes of the session that are left after five seconds."""
        for _ in range(100):
            left = [words for _, _, group, words in _processes() if group == self.pid]
            if not left:
                break
            time.sleep(0.05)
        return left

    def wait_for(self, printed: str) -> None:
        """Wait until the command prints something."""
        for _ in range(2000):
            if printed in self.printed.read_text():
                break
            time.sleep(0.005)

    def _read(self) -> int:
        assert self.server.stdout is not None
        return int(self.server.stdout.readline())


def _processes() -> list[tuple[int, int, int, str]]:
    """List all processes that live: their id, parent, group and words."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,args="],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = (line.split(maxsplit=4) for line in listed.stdout.splitlines())
    return [(int(r[0]), int(r[1]), int(r[2]), r[4]) for r in rows if r[3][0] != "Z"]


@contextmanager
def serving(
    folder: Path, workers: str = "fork", prefix: Sequence[str] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """Start the process that does the commands; imports take it some seconds.

    Parameters
    ----------
    workers
        Start method of worker processes.
    prefix
        Words of a command that starts it.
    """
    with subprocess.Popen(
        [*prefix, sys.executable, str(TESTS / "quick_commands.py"), workers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))},
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def contents(out: Path) -> dict[str, bytes]:
    """Give all files but logs, and sidecars of images, which tell the seconds it took."""
    return {
        name: path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and not (name := path.relative_to(out).as_posix()).startswith("logs/")
        and not (name.startswith("sub-") and path.suffix == ".json")
    }


def scratch_in(out: Path) -> list[Path]:
    """Give the files that look temporary, in any folder."""
    return [path for path in out.rglob(".*") if path.name != ".bidsignore"]


def is_permitted(*words: str) -> bool:
    """Whether this user and machine may run a command of the system."""
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
