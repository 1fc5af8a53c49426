"""Workers are killed at random moments, locally and on a cluster; the bytes stay the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from served_commands import TESTS, Commands, contents, scratch_in, serving
from slow_stages import DEADLY, ENDLESS

pytestmark = pytest.mark.slow
SEED = 22
# Ten kills on each executor, at most two in one run: a participant has three tries.
RUNS, KILLS_PER_RUN = 5, 2


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Give commands whose output lands in this test's folder."""
    with serving(tmp_path) as server:
        yield Commands(server, tmp_path / "printed")


@pytest.fixture
def expected(commands: Commands, bids_dir: Path, tmp_path: Path) -> dict[str, bytes]:
    """Run once, undisturbed; gives the files at the end."""
    assert commands.do("run", bids_dir, tmp_path / "undisturbed", "--jobs", 2) == 0
    return contents(tmp_path / "undisturbed")


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a Dask scheduler on the loopback interface."""
    words = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    words += ["--no-dashboard", "--scheduler-file", str(tmp_path / "scheduler.json")]
    with started(words, tmp_path / "scheduler.log") as process:
        yield process
        process.kill()


@pytest.fixture
def cluster(
    scheduler: "subprocess.Popen[bytes]", tmp_path: Path
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start two workers; Dask starts each again when it dies."""
    assert scheduler.poll() is None
    address_of(tmp_path)
    with ExitStack() as stack:
        workers = []
        for k in "ab":
            words = [str(TESTS / "quick_cluster.py"), "--nthreads", "1", "--no-dashboard"]
            words += ["--scheduler-file", str(tmp_path / "scheduler.json")]
            words += ["--local-directory", str(tmp_path / f"worker-{k}")]
            workers.append(stack.enter_context(started(words, tmp_path / f"worker-{k}.log")))
        yield workers
        for worker in workers:
            kill(worker.pid, *descendants(worker.pid))


def started(words: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process of Dask."""
    search = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    environment = {**os.environ, "PYTHONPATH": search}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *words], env=environment, stdout=file, stderr=file
        )


def address_of(folder: Path) -> str:
    """Wait for the scheduler, and give its address."""
    for _ in range(1200):
        with suppress(OSError, ValueError):
            return str(json.loads((folder / "scheduler.json").read_text())["address"])
        time.sleep(0.05)
    raise TimeoutError


def descendants(pid: int) -> list[int]:
    """Give the processes that a process has started, and those that these have started."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,args="], check=True, capture_output=True, text=True
    )
    rows = [line.split(maxsplit=3) for line in listed.stdout.splitlines()]
    alive = [row for row in rows if row[2][0] != "Z" and "resource_tracker" not in row[-1]]
    own = [int(row[0]) for row in alive if int(row[1]) == pid]
    return [*own, *(each for child in own for each in descendants(child))]


def kill(*pids: int) -> None:
    """Kill processes that may have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for_line(commands: Commands, words: str) -> None:
    """Wait until a command prints something, three minutes at most."""
    for _ in range(3600):
        if words in commands.printed.read_text():
            return
        time.sleep(0.05)


def tries(out: Path) -> int:
    """Count how often a worker was lost, by the logs of the participants."""
    return sum(
        log.read_text().count("It is tried again") for log in out.glob("logs/sub-*/log.txt")
    )


def test_killed_workers_of_this_machine_change_nothing(
    commands: Commands,
    expected: dict[str, bytes],
    bids_dir: Path,
    tmp_path: Path,
) -> None:
    """Ten kills in five runs; every participant is measured."""
    rng, lost = random.Random(SEED), 0
    for number in range(RUNS):
        out = tmp_path / f"killed-{number}"
        commands.start("run", bids_dir, out, "--jobs", 2)
        wait_for_line(commands, "sub-01 preprocess: done")
        for _ in range(KILLS_PER_RUN):
            time.sleep(rng.uniform(0, 0.15))
            kill(rng.choice(commands.workers()))

        assert commands.wait() == 0
        lost += tries(out)
        assert scratch_in(out) == []
        assert contents(out) == expected
    assert RUNS <= lost <= RUNS * KILLS_PER_RUN  # some have nothing to do when they are killed


def test_killed_workers_of_a_cluster_change_nothing(
    commands: Commands,
    cluster: list["subprocess.Popen[bytes]"],
    expected: dict[str, bytes],
    bids_dir: Path,
    tmp_path: Path,
) -> None:
    """Ten kills in five runs, of workers and of the processes in which participants run."""
    rng = random.Random(SEED)
    for number in range(RUNS):
        out = tmp_path / f"killed-{number}"
        commands.start("run", bids_dir, out, "--scheduler", address_of(tmp_path))
        wait_for_line(commands, "sub-0")
        for _ in range(KILLS_PER_RUN):
            time.sleep(rng.uniform(0, 0.15))
            kill(rng.choice([pid for each in cluster for pid in descendants(each.pid)]))

        assert commands.wait() == 0
        assert scratch_in(out) == []
        assert contents(out) == expected


def check_failures(
    commands: Commands, bids_dir: Path, out: Path, limit_min: str, *where: str
) -> None:
    """Run with a scan that ends its process and one that is read without end."""
    for label, content in (("02", DEADLY), ("05", ENDLESS)):
        (bids_dir / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz").write_bytes(content)
    limit = ("--set", f"run.time_limit_min={limit_min}")

    assert commands.do("run", bids_dir, out, *limit, *where) == 3
    lines = (out / "volumes.tsv").read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), row.split("\t"), strict=True)) for row in lines[1:]]
    assert [row["status"] for row in rows] == ["ok", "failed", "ok", "ok", "failed", "ok"]
    assert "ended by SIGKILL" in rows[1]["reason"]
    assert rows[1]["reason"].endswith("It was tried 3 times.")
    assert f"within run.time_limit_min: got more than {limit_min} min." in rows[4]["reason"]
    assert scratch_in(out) == []


def test_deadly_and_endless_scans_fail_alone_on_this_machine(
    commands: Commands, bids_dir: Path, tmp_path: Path
) -> None:
    """The others are measured, also with one process."""
    check_failures(commands, bids_dir, tmp_path / "out", "0.1", "--jobs", "1")


@pytest.mark.usefixtures("cluster")
def test_deadly_and_endless_scans_fail_alone_on_a_cluster(
    commands: Commands, bids_dir: Path, tmp_path: Path
) -> None:
    """They cost the cluster no worker."""
    where = ("--scheduler", address_of(tmp_path))  # the limit includes the start of a process
    check_failures(commands, bids_dir, tmp_path / "out", "0.75", *where)


def test_a_scheduler_that_goes_away_ends_the_run_with_a_sentence(
    commands: Commands,
    scheduler: "subprocess.Popen[bytes]",
    cluster: list["subprocess.Popen[bytes]"],
    expected: dict[str, bytes],
    bids_dir: Path,
    tmp_path: Path,
) -> None:
    """Finished work is kept, and the same command goes on, here without a cluster."""
    out = tmp_path / "out"
    commands.start("run", bids_dir, out, "--scheduler", address_of(tmp_path))
    wait_for_line(commands, ": ok (1 of 6)")
    kill(scheduler.pid)

    assert commands.wait() == 3
    *_, last = lines = commands.printed.read_text().splitlines()
    first = next(line[:6] for line in lines if line.endswith(": ok (1 of 6)"))
    assert last.startswith("footvol run: The Dask scheduler must run until the end: got no")
    kill(*(pid for worker in cluster for pid in (worker.pid, *descendants(worker.pid))))
    assert commands.do("run", bids_dir, out) == 0
    assert f"{first}: up to date" in commands.printed.read_text()
    assert contents(out) == expected
