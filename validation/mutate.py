"""Check that the tests notice faults of the measuring code.

Run with ``make mutate``. Imports the measuring code with one one-line fault of ``faults.toml``
at a time, runs the tests that must notice it, and prints which faults were caught. Fails if
one was missed, or if a test that noticed one fails without it. A fault whose text does not
occur exactly once in its module is an error. No file is changed.
"""

import argparse
import importlib.util
import multiprocessing
import os
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FAULTS = Path(__file__).with_name("faults.toml")
CAUGHT, MISSED = "caught", "MISSED"
# imported once, and shared by the processes that each test one fault
PRELOADED = (
    *("matplotlib", "nibabel", "numpy.testing", "onnxruntime", "pandas", "pydantic", "pydicom"),
    *("scipy.ndimage", "scipy.optimize", "scipy.spatial", "scipy.stats", "SimpleITK"),
    *("skimage.filters", "skimage.measure", "statsmodels.api", "statsmodels.stats.power"),
    *("typer", "rich"),
)


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
        Test files of which at least one test must fail.
    """

    module: str
    what: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a fault was caught, and by which test."""

    text: str
    failed_test: str = ""


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
        Fault(module, what, old, new, tuple(entry.get("tests") or mirrored(module, root)))
        for module, entry in modules.items()
        for what, old, new in entry["faults"]
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


class _FaultyLoader(SourceFileLoader):
    """Compiles a module from its source with a fault in it."""

    def __init__(self, name: str, path: str, fault: Fault) -> None:
        super().__init__(name, path)
        self._fault = fault

    def get_code(self, fullname: str) -> CodeType:
        """Compile the faulty source; compiled files of the sound one do not count."""
        source = Path(self.get_filename(fullname)).read_text(encoding="utf-8")
        faulty = source.replace(self._fault.old, self._fault.new)
        return self.source_to_code(faulty.encode(), self.get_filename(fullname))


class _FaultyFinder(MetaPathFinder):
    """Finds the faulty module before Python finds the sound one."""

    def __init__(self, fault: Fault) -> None:
        self._path = str(ROOT / "pipeline" / fault.module)
        self._name = ".".join(("pipeline", *Path(fault.module).with_suffix("").parts))
        self._fault = fault

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the faulty module; None for any other."""
        if fullname != self._name:
            return None
        loader = _FaultyLoader(fullname, self._path, self._fault)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


@dataclass(eq=False)  # plugins must be hashable
class _FailedTests:
    """A plugin of pytest that keeps the names of tests that failed."""

    names: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the name of a failed test."""
        if report.failed:
            self.names.append(report.nodeid)


def run_tests(tests: Sequence[str], *options: str) -> tuple[int, list[str], str]:
    """Run tests in this process; give pytest's exit code, the failed ones and the output."""
    failed = _FailedTests()
    with tempfile.TemporaryFile("w+") as output:
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        words = [
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow",
            *options,
            *tests,
        ]
        code = pytest.main(words, plugins=[failed])
        output.seek(0)
        return int(code), failed.names, output.read()


def judge(fault: Fault) -> Verdict:
    """Run the tests of a fault until one fails, in a process that ends afterwards."""
    sys.meta_path.insert(0, _FaultyFinder(fault))
    code, failed, output = run_tests(fault.tests, "-x")
    if code == pytest.ExitCode.OK:
        return Verdict(MISSED)
    if code == pytest.ExitCode.TESTS_FAILED and failed:
        return Verdict(CAUGHT, failed[0])
    return Verdict(f"BROKEN: {output[-400:]}")


def print_verdicts(faults: Sequence[Fault], jobs: int) -> bool:
    """Print a table of the faults; gives whether all were caught by tests that can pass."""
    for name in PRELOADED:
        importlib.import_module(name)
    # a new process for each fault, as modules stay imported
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        verdicts = []
        print("| module | fault | | test |\n|---|---|---|---|")  # noqa: T201
        for fault, verdict in zip(faults, pool.imap(judge, faults), strict=True):
            cells = (fault.module, fault.what, verdict.text, verdict.failed_test)
            print("| " + " | ".join(cells) + " |", flush=True)  # noqa: T201
            verdicts.append(verdict)
        caught = [v for v in verdicts if v.text == CAUGHT]
        print(f"\n{len(caught)} of {len(faults)} faults caught")  # noqa: T201
        tests = sorted({verdict.failed_test for verdict in caught})
        code, failed, output = pool.apply(run_tests, (tests,)) if tests else (0, [], "")
    if code:
        print(f"Fail without any fault, too: {failed}\n{output[-2000:]}")  # noqa: T201
    return not code and len(caught) == len(faults)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a fault was not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="text that the module's name contains")
    given = parser.parse_args(argv)
    faults = [fault for fault in read_faults() if given.only in fault.module]
    return int(not print_verdicts(faults, given.jobs))


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
