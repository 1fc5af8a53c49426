"""After a command was killed, the same command ends as if undisturbed."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from signal import Signals

import pytest
from served_commands import Commands, contents, scratch_in, serving

SEED = 18
# What a run prints before it writes tables and pages, and at its end.
ALL_MEASURED, REPORT = "(6 of 6)", "Report: "
STOPPED = "footvol run: Stopped. Finished work is kept; run again to continue."
STOPPED_CODE = 130
# Every second command has these settings, so that there are stages to run again.
OTHERS = ("--set", "intake.accept_left=true", "--set", "compare.permutations=99")


@dataclass(frozen=True)
class Kill:
    """What is killed by which signal, and when.

    Parameters
    ----------
    part
        Fraction of the time until the kill: of the tables' time, else of all before them
        (`worker`) or of the whole run.
    """

    target: str
    number: Signals
    is_at_tables: bool
    part: float


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["subprocess.Popen[str]"]:
    """Start the process that does the commands."""
    with serving(tmp_path_factory.mktemp("server"), request.param) as process:
        yield process


@pytest.fixture
def commands(server: "subprocess.Popen[str]", tmp_path: Path) -> Commands:
    """Give commands whose output lands in this test's folder."""
    return Commands(server, tmp_path / "printed")


@pytest.fixture
def undisturbed(commands: Commands, bids_dir: Path, tmp_path: Path) -> "Undisturbed":
    """Run once without a kill; gives the time it takes and the files at the end."""
    out = tmp_path / "undisturbed"
    commands.start("run", bids_dir, out, "--jobs", 2)
    started = time.monotonic()
    commands.wait_for(ALL_MEASURED)
    measured = time.monotonic()
    assert commands.wait() == 0
    ended = time.monotonic()
    return Undisturbed(contents(out), ended - started, ended - measured)


@dataclass(frozen=True)
class Undisturbed:
    """A run without a kill."""

    contents: dict[str, bytes]
    seconds: float
    seconds_of_tables: float


def draw_kills(count: int) -> list[Kill]:
    """Draw kills at random moments, more of them while tables are written."""
    rng = random.Random(SEED)
    numbers = (Signals.SIGKILL, Signals.SIGTERM, Signals.SIGINT)
    kinds = [*product(("parent", "group", "worker"), numbers)]
    drawn = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        is_at_tables = kind[0] != "worker" and rng.random() < 0.5
        drawn.append(Kill(*kind, is_at_tables, rng.uniform(0.02, 0.98)))
    rng.shuffle(drawn)
    return drawn


def carry_out(kill: Kill, commands: Commands, run: Undisturbed) -> int:
    """Kill the running command; gives its exit code."""
    if kill.is_at_tables:
        commands.wait_for(ALL_MEASURED)
        seconds = run.seconds_of_tables
    elif kill.target == "worker":
        seconds = run.seconds - run.seconds_of_tables
    else:
        seconds = run.seconds
    time.sleep(kill.part * seconds)
    workers = commands.workers() if kill.target == "worker" else []
    with suppress(ProcessLookupError):  # where it was done already
        if workers:
            os.kill(workers[0], kill.number)
        elif kill.target == "group":
            os.killpg(commands.pid, kill.number)
        elif kill.target == "parent":
            os.kill(commands.pid, kill.number)
    return commands.wait()


def codes_after(kill: Kill, printed: str) -> set[int]:
    """Give the allowed exit codes; the command's own where the kill came too late."""
    if kill.target == "worker":
        return {0}
    is_heard = kill.number != Signals.SIGKILL and REPORT not in printed
    return {0, STOPPED_CODE} if is_heard else {0, -kill.number}


KILLS = draw_kills(50)
CHAINS = [KILLS[:3], *(KILLS[k : k + 5] for k in range(3, 50, 5))]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("server", "kills"),
    [
        pytest.param("fork", CHAINS[0], id="first"),
        *(pytest.param("fork", chain, marks=pytest.mark.slow) for chain in CHAINS[1:]),
        pytest.param("spawn", CHAINS[0], id="spawn", marks=pytest.mark.slow),
    ],
    indirect=["server"],
)
def test_after_kills_the_same_command_ends_as_if_undisturbed(
    commands: Commands,
    undisturbed: Undisturbed,
    bids_dir: Path,
    tmp_path: Path,
    kills: list[Kill],
) -> None:
    """Nothing outlives a command, nothing half done stays, and the tables are the same."""
    out = tmp_path / "killed"
    words = ("run", bids_dir, out, "--jobs", 2)
    for left, each in zip(reversed(range(len(kills))), kills, strict=True):
        commands.start(*words, *(OTHERS if left % 2 else ()))
        code = carry_out(each, commands, undisturbed)
        printed = commands.printed.read_text()
        is_stopped = code == STOPPED_CODE

        assert commands.survivors() == [], each
        assert "Traceback" not in printed, each
        assert is_stopped == printed.endswith(f"{STOPPED}\n"), each
        assert not (is_stopped and scratch_in(out)), each
        assert code in codes_after(each, printed), each

    assert commands.do(*words) == 0
    assert scratch_in(out) == []
    assert contents(out) == undisturbed.contents
