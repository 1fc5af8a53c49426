"""Two commands on one OUT at once, and an OUT that is full, read-only, or gone."""

import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from served_commands import Commands, contents, is_permitted, scratch_in, serving

pytestmark = pytest.mark.slow
SEED = 23
TIMES = 10
# Process numbers of a namespace of its own begin at 1, as in a container.
CONTAINER = ("unshare", "--pid", "--fork", "--kill-child")


@contextmanager
def opened(folder: Path, prefix: Sequence[str] = ()) -> Iterator[Commands]:
    """Start a process that does quick commands, in a folder of its own."""
    folder.mkdir()
    with serving(folder, prefix=prefix) as server:
        yield Commands(server, folder / "printed")


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Commands]:
    """Give the commands of one process."""
    with opened(tmp_path / "server") as commands:
        yield commands


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk with room for a part of the results."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not is_permitted("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)):
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def is_refused(commands: Commands) -> bool:
    """Whether the last line says that another command is at work; never a traceback."""
    lines = commands.printed.read_text().splitlines()
    assert not any("Traceback" in line for line in lines)
    return "Only one command at a time may work on the output folder" in lines[-1]


@pytest.mark.parametrize("prefix", [(), CONTAINER], ids=["processes", "containers"])
def test_two_runs_at_once_never_corrupt(
    bids_dir: Path, tmp_path: Path, prefix: Sequence[str]
) -> None:
    """Ten times, also with equal process numbers: one works, the other is refused."""
    if prefix and not is_permitted(*prefix, "true"):
        pytest.skip("namespaces of processes are not permitted here")
    rng, refused = random.Random(SEED), 0
    with ExitStack() as stack:
        one, two = (stack.enter_context(opened(tmp_path / k, prefix)) for k in "ab")
        assert one.do("run", bids_dir, tmp_path / "alone", "--jobs", 2) == 0
        expected = contents(tmp_path / "alone")
        for number in range(TIMES):
            out = tmp_path / f"out-{number}"
            one.start("run", bids_dir, out, "--jobs", 2)
            time.sleep(rng.uniform(0, 0.3))
            two.start("run", bids_dir, out, "--jobs", 2)
            codes = [one.wait(), two.wait()]

            losers = [each for each, code in zip((one, two), codes, strict=True) if code]
            assert all(is_refused(each) for each in losers), codes
            assert len(losers) < 2
            refused += len(losers)
            assert scratch_in(out) == []
            assert contents(out) == expected
    assert refused > TIMES / 2


def test_two_shards_at_once_work_on_other_participants(bids_dir: Path, tmp_path: Path) -> None:
    """Both may; the report afterwards has the same bytes as that of one run."""
    out = tmp_path / "out"
    with opened(tmp_path / "a") as one, opened(tmp_path / "b") as two:
        assert one.do("run", bids_dir, tmp_path / "alone") == 0
        one.start("run", bids_dir, out, "--shard", "1/2")
        two.start("run", bids_dir, out, "--shard", "2/2")
        assert [one.wait(), two.wait()] == [0, 0]
        assert one.do("compare", bids_dir, out) == 0
        assert one.do("report", bids_dir, out) == 0

    assert contents(out) == contents(tmp_path / "alone")


def test_on_a_full_disk_files_are_whole_and_the_command_goes_on_later(
    command: Commands, small: Path, bids_dir: Path, tmp_path: Path
) -> None:
    """It ends with sentences and code 2; with more room, the same command ends well."""
    assert command.do("run", bids_dir, tmp_path / "reference" / "alone") == 0
    expected = contents(tmp_path / "reference" / "alone")

    assert command.do("run", bids_dir, small / "out", "--jobs", 2) == 2
    lines = command.printed.read_text().splitlines()
    assert lines[-1].startswith("footvol run: ")
    assert "'No space left on device'" in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert scratch_in(small / "out") == []
    there = contents(small / "out")
    assert there == {name: content for name, content in expected.items() if name in there}

    assert is_permitted("mount", "-o", "remount,size=50m", str(small))
    assert command.do("run", bids_dir, small / "out", "--jobs", 2) == 0
    assert contents(small / "out") == expected


def test_a_read_only_disk_is_refused_in_a_sentence(
    command: Commands, small: Path, bids_dir: Path
) -> None:
    """Before any work."""
    assert is_permitted("mount", "-o", "remount,ro", str(small))

    assert command.do("run", bids_dir, small / "out") == 2
    printed = command.printed.read_text()
    assert printed.startswith("footvol run: The output folder must be writable: got ")
    assert printed.count("\n") == 1


def test_an_out_that_vanishes_costs_only_what_was_in_it(
    command: Commands, bids_dir: Path, tmp_path: Path
) -> None:
    """The command ends without a traceback, and the same command makes all again."""
    out = tmp_path / "out"
    assert command.do("run", bids_dir, tmp_path / "alone") == 0
    command.start("run", bids_dir, out, "--jobs", 2)
    command.wait_for("sub-01 preprocess: done")
    out.rename(tmp_path / "elsewhere")
    command.wait()

    assert "Traceback" not in command.printed.read_text()
    assert command.do("run", bids_dir, out, "--jobs", 2) == 0
    assert scratch_in(out) == []
    assert contents(out) == contents(tmp_path / "alone")
