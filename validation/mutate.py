"""Check that the tests notice faults of the measuring code.

Run with ``make mutate``. Puts each one-line fault of ``faults.toml`` into a copy of the
repository, runs the tests that must notice it, and prints which were caught. Fails if one
was missed. A fault whose text does not occur exactly once in its module is an error.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[1]
FAULTS = Path(__file__).with_name("faults.toml")
COPIED = ("pipeline", "tests", "training", "validation", "configs")
LINKED = ("docs", "sample_scans", "pyproject.toml", "Makefile", "README.md", ".venv")
CAUGHT, MISSED = "caught", "MISSED"
_PYTEST = (sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-m", "not slow")
_FAILED_TESTS, _PASSED = 1, 0  # exit codes of pytest


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty line.

    Parameters
    ----------
    module
        File below ``pipeline/``.
    what
        What the fault does.
    old, new
        The text of the module and the faulty text in its place.
    tests
        Test files of which at least one must fail.
    """

    module: str
    what: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_faults(file: Path = FAULTS, root: Path = ROOT) -> list[Fault]:
    """Read the faults, and check that each can be applied.

    Raises
    ------
    ValueError
        If a module or test file does not exist, or a text does not occur exactly once;
        lists all such faults.
    """
    modules = tomllib.loads(file.read_text(encoding="utf-8"))
    faults = [
        Fault(module, *texts, tests=tuple(entry.get("tests") or mirrored(module, root)))
        for module, entry in modules.items()
        for texts in entry["faults"]
    ]
    wrong = [problem for fault in faults for problem in _problems(fault, root)]
    if wrong:
        msg = "\n".join(dict.fromkeys(wrong))
        raise ValueError(msg)
    return faults


def mirrored(module: str, root: Path = ROOT) -> list[str]:
    """Give the test files of a module, by its name."""
    path = Path(module)
    names = (path.stem, f"{path.parent.name}_{path.stem}")
    files = {
        file
        for name in names
        for file in (root / "tests" / "unit" / path.parent).glob(f"test_{name}*.py")
    }
    return sorted(str(file.relative_to(root)) for file in files)


def _problems(fault: Fault, root: Path) -> list[str]:
    file = root / "pipeline" / fault.module
    absent = [
        f"{fault.module}: no test file {t}" for t in fault.tests if not (root / t).is_file()
    ]
    if not fault.tests:
        absent = [f"{fault.module}: no test file has its name"]
    count = file.read_text(encoding="utf-8").count(fault.old) if file.is_file() else 0
    if count != 1:
        found = [
            str(other.relative_to(root / "pipeline"))
            for other in sorted((root / "pipeline").rglob("*.py"))
            if fault.old in other.read_text(encoding="utf-8")
        ]
        absent.append(f"{fault.module}: {fault.old!r} occurs {count} times, and in {found}")
    return absent


class Copy:
    """A copy of the repository in which one fault at a time is put.

    Compiled files are kept, so that only the faulty module is compiled again.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._folder = folder
        for name in COPIED:
            shutil.copytree(
                root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in LINKED:
            if (root / name).exists():
                (folder / name).symlink_to(root / name)
        compiled = [sys.executable, "-m", "compileall", "-q", *COPIED]
        subprocess.run(compiled, cwd=folder, check=True, env=self._environment())

    def test(self, fault: Fault) -> str:
        """Put a fault in, run its tests until one fails, and take it out again."""
        file = self._folder / "pipeline" / fault.module
        sound, times = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
        try:
            code, output = self.run(fault.tests)
        finally:
            file.write_text(sound, encoding="utf-8")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        if code == _PASSED:
            return MISSED
        return CAUGHT if code == _FAILED_TESTS else f"BROKEN: {output[-300:]}"

    def run(self, tests: Sequence[str]) -> tuple[int, str]:
        """Run test files until one test fails; give pytest's exit code and output."""
        done = subprocess.run(
            [*_PYTEST, *dict.fromkeys(tests)],
            cwd=self._folder,
            env={**self._environment(), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(str(self._folder / sub) for sub in ("", "tests"))
        without = {k: v for k, v in os.environ.items() if k != "PYTHONPYCACHEPREFIX"}
        return {**without, "PYTHONPATH": path}


def verdicts(faults: Sequence[Fault], folder: Path, jobs: int) -> Iterator[str]:
    """Test every fault in one of some copies of the repository; yields in their order.

    Raises
    ------
    ValueError
        If the tests fail without any fault.
    """
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(jobs):
        copies.put(Copy(ROOT, folder / str(number)))

    def in_a_copy(judge: Callable[[Copy], str]) -> str:
        copy = copies.get()
        try:
            return judge(copy)
        finally:
            copies.put(copy)

    tests = [test for fault in faults for test in fault.tests]
    judges: list[Callable[[Copy], str]] = [lambda copy: _without_fault(copy, tests)]
    judges += [partial(Copy.test, fault=fault) for fault in faults]
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(in_a_copy, judges)
        first = next(results)
        if first:
            pool.shutdown(cancel_futures=True)
            msg = f"Without any fault, the tests must pass: got\n{first[-2000:]}"
            raise ValueError(msg)
        yield from results


def _without_fault(copy: Copy, tests: Sequence[str]) -> str:
    """Run the tests of the code as it is; gives the output if one fails."""
    code, output = copy.run(tests)
    return "" if code == _PASSED else output


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the faults; 1 if one was not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="text that the module's name contains")
    given = parser.parse_args(argv)
    faults = [fault for fault in read_faults() if given.only in fault.module]
    caught = 0
    print("| module | fault | |\n|---|---|---|")  # noqa: T201
    with tempfile.TemporaryDirectory() as scratch:
        results = verdicts(faults, Path(scratch), given.jobs)
        for fault, result in zip(faults, results, strict=True):
            print(f"| {fault.module} | {fault.what} | {result} |", flush=True)  # noqa: T201
            caught += result == CAUGHT
    print(f"\n{caught} of {len(faults)} faults caught")  # noqa: T201
    return int(caught < len(faults))


if __name__ == "__main__":
    sys.exit(main())
