"""Try one damaged input, within limits of time, memory and files written."""

import contextlib
import gc
import io
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: F401 loaded once, not in every process
import pydicom  # noqa: F401

from pipeline.cli import cohort_commands, main  # noqa: F401
from pipeline.errors import PipelineError

_SECONDS = 20
# Inputs have some kilobytes; libraries and converters need memory as well.
_MOST_GROWTH_BYTES = 2**28
_MOST_ADDRESS_BYTES = 2**31
_LONGEST = 1200
# Names from Python and libraries, which do not help somebody with a scan.
_UGLY = re.compile(
    r"\w*(Error|Exception|Warning)\b|Traceback|<class|object at 0x|NoneType|\bin '?None'?\)?"
    r"|\[Errno|\bsys\.|itk::|dtype\(|np\.\w+\(|recursion"
)
# The table of candidates of a DICOM source has a line for each.
_TABLE = "Choose one with --series"


class Kind(StrEnum):
    """What went wrong, the worst first."""

    WRONG = "wrong and silent"
    WRITTEN = "written elsewhere"
    HANG = "hang"
    MEMORY = "memory"
    CRASH = "traceback"
    REFUSED = "whole, but refused"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged input, how it is read, and how the result is judged.

    Parameters
    ----------
    damage
        What was done to it.
    read
        Reads it with the pipeline.
    fault_of
        Says what is wrong with the result; empty if it equals what is stored.
    is_whole
        Whether the damage changes nothing that matters, so that refusing would be wrong.
    """

    damage: str
    read: Callable[[], Any]
    fault_of: Callable[[Any], str]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one input."""

    kind: Kind
    damage: str
    text: str


Maker = Callable[[Any, Path], Case]
"""Makes a damaged input from a generator, in an empty folder."""


class _SaidError(PipelineError):
    """What the command line said."""


def through_command_line(words: Sequence[str]) -> None:
    """Run a command in this process; a refusal is raised with its message."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main([*words, "-q"])
    text = said.getvalue().strip()
    if code in (2, 3, 4, 5):
        start, _, sentence = text.partition(": ")
        if not start.startswith("footvol"):
            raise RuntimeError(text)
        raise _SaidError(sentence)
    if code:
        msg = f"exit code {code}: {text[-600:]}"
        raise RuntimeError(msg)
    if text:
        msg = f"exit code 0, but said {text[-600:]}"
        raise RuntimeError(msg)


def try_cases(
    makers: Sequence[Callable[[Path], Case]], sandbox: Path, together: int
) -> Iterator[Fault | None]:
    """Make inputs one after another, read them in another process, and say what went wrong.

    A library that hangs, or that ends the process, is a fault like any other.

    Parameters
    ----------
    together
        How many are read in one process. Memory that a library corrupts may end the process
        later, so inputs of such libraries are tried one by one.
    """
    left = list(makers)
    while left:
        for fault in _tried(left[:together], sandbox):
            del left[0]
            yield fault


def _tried(makers: Sequence[Callable[[Path], Case]], sandbox: Path) -> Iterator[Fault | None]:
    """Try inputs in one process, up to the first that hangs or ends it."""
    for name in ("in", "out", "tmp", "here"):
        (sandbox / name).mkdir(parents=True, exist_ok=True)
    answers, sender = Pipe(duplex=False)
    with warnings.catch_warnings():  # about threads, which the child does not use
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        try:
            _confine(sandbox)
            for make in makers:
                _try(make, sandbox, sender)
        finally:
            os._exit(0)
    sender.close()
    damage, is_ended = "before the first", False
    try:
        for _ in makers:
            damage = answers.recv()
            if not answers.poll(_SECONDS):
                yield Fault(Kind.HANG, damage, f"not done after {_SECONDS} s")
                return
            yield answers.recv()
    except EOFError:
        code, is_ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), True
        said = _said(sandbox).read_text(errors="replace")[:300]
        yield Fault(Kind.CRASH, damage, f"the process ended by signal {-code}, printed: {said}")
    finally:
        if not is_ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _try(make: Callable[[Path], Case], sandbox: Path, sender: Connection) -> None:
    """Make and read one input; send what was done to it, then what went wrong."""
    for name in ("in", "out", "tmp", "here"):
        _clear(sandbox / name)
    os.truncate(_said(sandbox), 0)
    case = make(sandbox / "in")
    sender.send(case.damage)
    before = _held(sandbox)
    kind, text = _outcome(case)
    after, printed = _held(sandbox), _said(sandbox).read_text(errors="replace").strip()
    if after != before:
        changed = {name for name, _ in set(after.items()) ^ set(before.items())}
        kind, text = Kind.WRITTEN, f"changed {sorted(changed)[:5]}, {text}"
    elif printed and kind is None:
        kind, text = Kind.MESSAGE, f"printed: {printed[:300]}"
    sender.send(Fault(kind, case.damage, text) if kind else None)


def _said(sandbox: Path) -> Path:
    """Give the file for what libraries print without Python."""
    return sandbox.with_suffix(".said")


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _confine(sandbox: Path) -> None:
    """Record what is printed, and limit memory to what small inputs may need."""
    os.setsid()  # its own processes end with it
    gc.freeze()  # a collection would copy all that the parent holds
    with _said(sandbox).open("a") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    sys.stdout = sys.stderr = os.fdopen(2, "w", closefd=False)
    os.chdir(sandbox / "here")
    tempfile.tempdir = str(sandbox / "tmp")
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + _MOST_ADDRESS_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _outcome(case: Case) -> tuple[Kind | None, str]:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    start_bytes = _peak_bytes()
    kind, text = _read(case)
    sys.stderr.flush()
    grown = _peak_bytes() - start_bytes
    if grown > _MOST_GROWTH_BYTES and kind in (None, Kind.MESSAGE):
        return Kind.MEMORY, f"took {grown >> 20} MiB, {text}"
    return kind, text


def _read(case: Case) -> tuple[Kind | None, str]:
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = case.read()
    except PipelineError as error:
        if case.is_whole:
            return Kind.REFUSED, str(error)
        fault = fault_of_message(str(error))
        return (Kind.MESSAGE, f"{fault}: {str(error)[:600]}") if fault else (None, "")
    except MemoryError:
        return Kind.MEMORY, f"wants more than {_MOST_ADDRESS_BYTES >> 30} GiB"
    except BaseException as error:
        return Kind.CRASH, f"{type(error).__name__}: {str(error)[:600]} {_place(error)}"
    if fault := case.fault_of(found):
        return Kind.WRONG, fault
    return (Kind.MESSAGE, f"warned: {warned[0].message}") if warned else (None, "")


def fault_of_message(text: str) -> str:
    """Say what is wrong with the message of a refusal; empty if nothing is."""
    ugly = _UGLY.search(text)
    if ugly:
        return f"holds {ugly[0]!r}"
    if len(text) > _LONGEST:
        return f"has {len(text)} characters"
    if _TABLE not in text and len(text.splitlines()) != 1:
        return f"has {len(text.splitlines())} lines"
    if any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in text):
        return "holds what cannot be printed"
    return "" if _TABLE in text or text.endswith((".", "?")) else "is no sentence"


def _place(error: BaseException) -> str:
    """Name the line of the pipeline that an error passed."""
    place, step = "", error.__traceback__
    while step:
        file = Path(step.tb_frame.f_code.co_filename)
        if "pipeline" in file.parts:
            place = f"({file.name}:{step.tb_lineno})"
        step = step.tb_next
    return place


def _held(sandbox: Path) -> dict[str, bytes | None]:
    """Give all files of a sandbox outside the folder for output."""
    return {
        str(path.relative_to(sandbox)): path.read_bytes() if path.is_file() else None
        for path in sandbox.rglob("*")
        if "out" not in path.relative_to(sandbox).parts[:1]
    }


def _peak_bytes() -> int:
    """Give the most memory that the process had; 0 where unknown."""
    if sys.platform != "linux":
        return 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak[1]) * 1024 if peak else 0
