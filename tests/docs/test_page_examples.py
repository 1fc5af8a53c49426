"""Every shell block of README and docs does what it shows.

The language of a block says how it is tested:

- ``sh``: the block is run, one block of a page after the other, in one folder.
- ``sh each``: its commands are alternatives; each is run in a folder of its own.
- ``bash``: it needs what a test has not (minutes of computing, or a cluster). Its syntax is
  checked by ``bash -n``, and the arguments of every ``footvol`` in it by the command itself.

``sbatch`` is replaced by a program that runs what it is given.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
import typer

from pipeline.cli import main  # noqa: F401 registers all commands
from pipeline.cli.bids_app_command import as_command
from pipeline.cli.commands import app
from pipeline.domain.decision import Decision
from pipeline.domain.scan_key import ScanKey
from pipeline.store.files import sha256_of
from pipeline.store.review_table import write_decisions

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
PYTHON_PAGES = ("README.md", "docs/python.md")
DICOM = ROOT / "sample_scans" / "sourcedata" / "dicom" / "sub-01"
TABLE = "participant_id\tgroup\tbody_mass_kg\tside\nsub-01\thealthy\t63.9\tright\n"
_CLIENT = f"""#!{sys.executable} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({{address!r}})
    socket.send_fds(server, [json.dumps([sys.argv[1:], os.getcwd()]).encode()], [0, 1, 2])
    sys.exit(int(server.recv(100) or 1))
"""
# Runs an array of one task, or the command after --wrap.
_SBATCH = """#!/bin/bash
for word; do
  if [ "$before" = --wrap ]; then exec sh -c "$word"; fi
  before=$word
done
export SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=1 SLURM_CPUS_PER_TASK=1
bash -eu "$before" >&2 && echo 42
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Give the blocks in these languages, in the order of pages and lines."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for match in re.finditer(r"^```([^`\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            if match[1] in languages:
                found.append(Block(page, line, match[1], match[2]))
    return found


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start the process that does the commands; gives a folder for PATH."""
    folder = tmp_path_factory.mktemp("programs")
    address = str(folder / "s")
    for name, text in (("footvol", _CLIENT.format(address=address)), ("sbatch", _SBATCH)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "stages").mkdir()
    words = [sys.executable, str(TESTS / "page_commands.py"), address, str(folder / "stages")]
    env = {"PYTHONPATH": f"{ROOT}:{TESTS}", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield folder
        process.terminate()


Run = Callable[[Path, str], str]


@pytest.fixture(scope="module")
def run(programs: Path) -> Run:
    """Give a function that runs shell commands in a folder, and returns what they print."""

    def in_folder(folder: Path, text: str) -> str:
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", text],
            cwd=folder,
            env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(programs)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    return in_folder


@pytest.fixture(scope="module")
def materials(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """Make what the pages presuppose: scans, scanner files, results, outlines of raters.

    The six participants have one scan, so that one is measured; their body masses differ.
    """
    folder = tmp_path_factory.mktemp("materials")
    shutil.copytree(DICOM, folder / "dicom" / "sub-01")
    (folder / "participants.tsv").write_text(TABLE)
    run(folder, "footvol intake dicom study --participants participants.tsv -q")
    scan = folder / "study" / "sub-01" / "anat" / "sub-01_T1w"
    shutil.copytree(ROOT / "sample_scans", folder / "sample_scans")
    for ending in (".nii.gz", ".json"):
        shutil.copy(f"{scan}{ending}", folder / f"foot{ending}")
        for old in (folder / "sample_scans").glob(f"sub-*/anat/*{ending}"):
            shutil.copy(f"{scan}{ending}", old)
    run(folder, "footvol run sample_scans out/demo -q; footvol run study out -q")
    run(folder, "footvol scan foot.nii.gz out/foot -q --side right --body-mass-kg 71.5")
    _make_outlines(folder)
    _make_sources(folder)
    (folder / "study.toml").write_text('[compare]\nfamily = "per_body_mass"\n')
    (block,) = (block for block in blocks("bash") if "#SBATCH" in block.text)
    (folder / "footvol.sbatch").write_text(block.text)
    return folder


def _make_outlines(folder: Path) -> None:
    """Make outlines of raters, and the decisions of a reviewer."""
    labels = folder / "out" / "sub-01" / "anat" / "sub-01_seg-muscles_dseg.nii.gz"
    for copy in ("drawn/sub-01_seg-muscles_dseg.nii.gz", "rater1.nii.gz", "rater2.nii.gz"):
        (folder / copy).parent.mkdir(exist_ok=True)
        shutil.copy(labels, folder / copy)
    decision = Decision(
        ScanKey("06"), "reject", "moved", "CD", "2026-01-01T00:00:00Z", sha256_of(labels)
    )
    write_decisions([decision], folder / "out" / "demo" / "review.tsv")


def _make_sources(folder: Path) -> None:
    """Make sources of ``footvol intake``."""
    _export(DICOM, folder / "export" / "sub-01")
    for copy in ("sub-07", "cd/images"):
        shutil.copytree(folder / "export" / "sub-01", folder / copy)
    (folder / "cd" / "DICOMDIR").touch()
    shutil.make_archive(str(folder / "export"), "zip", folder / "export")
    shutil.make_archive(str(folder / "foot"), "zip", folder / "dicom" / "sub-01")
    (folder / "map.tsv").write_text("patient_id\tparticipant_id\nsub-01\tsub-01\n")


def _export(source: Path, target: Path) -> None:
    """Copy scanner files, as series 5 of a protocol of its own name."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        header = pydicom.dcmread(path)
        header.SeriesNumber, header.SeriesDescription = 5, "T1_se_cor"
        header.save_as(target / path.name)


def _copy(source: str, target: str) -> str:
    """Copy a file; images, which footvol never changes in place, are linked."""
    is_image = source.endswith((".nii.gz", ".dcm", ".png"))
    return str((os.link if is_image else shutil.copy2)(source, target) or target)


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Copy what the pages presuppose."""
    copied = tmp_path / "copied"
    materials = request.getfixturevalue("materials")
    shutil.copytree(materials, copied, copy_function=_copy)
    return copied


@pytest.mark.integration
@pytest.mark.parametrize("page", sorted({block.page for block in blocks("sh")}))
def test_the_commands_of_a_page_run_in_order(page: str, folder: Path, run: Run) -> None:
    """Each block goes on where the one before has ended."""
    texts = [block.text for block in blocks("sh") if block.page == page]
    if "out/demo" not in "".join(texts):  # otherwise `footvol agree` would find its feet in out
        shutil.rmtree(folder / "out" / "demo")
    for text in texts:
        for name in _made_by(text):
            shutil.rmtree(folder / name, ignore_errors=True)
        run(folder, text)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("block", "command"),
    [(block, line) for block in blocks("sh each") for line in block.text.splitlines()],
    ids=str,
)
def test_each_alternative_runs_by_itself(
    block: Block, command: str, folder: Path, run: Run
) -> None:
    """In a folder in which nothing has been done."""
    for name in _made_by(block.text):
        shutil.rmtree(folder / name, ignore_errors=True)
    run(folder, command)


def _made_by(text: str) -> set[str]:
    """Give the datasets that ``footvol intake`` makes, which must not exist before."""
    return set(re.findall(r"^footvol intake \S+ (\w+)/", text, re.MULTILINE))


@pytest.mark.integration
@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_the_python_of_a_page_runs(page: str, folder: Path, run: Run) -> None:
    """As one program for each page, as a reader would type it."""
    text = "\n".join(block.text for block in blocks("python") if block.page == page)

    run(folder, f"footvol --python {shlex.quote(text)}")


@pytest.mark.integration
def test_the_examples_of_the_public_functions_give_what_they_show(
    folder: Path, run: Run
) -> None:
    """The docstrings of `measure_scan` and `run_dataset`, as doctests."""
    text = (
        "import doctest; from pipeline.api import measure; "
        "result = doctest.testmod(measure); "
        "print('tried', result.attempted, 'failed', result.failed)"
    )

    printed = run(folder, f'footvol --python "{text}"')

    assert re.search(r"tried [1-9]\d* failed 0", printed), printed


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_a_block_that_is_not_run_is_valid(block: Block) -> None:
    """Bash can parse it, and footvol the arguments that it is given."""
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)

    commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands")  # noqa: B009
    for words in _footvol_calls(block.text):
        name, *rest = as_command(words, commands)
        commands[name].make_context(name, rest)
    for target in re.findall(r"^make ([\w-]+)", block.text, re.MULTILINE):
        assert f"\n{target}:" in (ROOT / "Makefile").read_text()


def _footvol_calls(text: str) -> Iterator[list[str]]:
    """Give the arguments of each ``footvol``, in a container or not; variables become 1."""
    joined = re.sub(r"\\\n\s*", " ", text)
    in_container = r"(?:docker|apptainer) run .* footvol(?::\S+|\.sif)"
    for match in re.finditer(rf"^(?:{in_container}|footvol) (.*)", joined, re.MULTILINE):
        yield shlex.split(re.sub(r"\$\w+", "1", match[1]), comments=True)


def test_every_shell_block_says_how_it_is_tested() -> None:
    """A block with a command of footvol, make or pip has one of the languages above."""
    command = re.compile(r"^(footvol [a-z]+|make|pip|docker|apptainer|sbatch) ", re.MULTILINE)
    untested = [
        str(block)
        for block in blocks("", "text", "console", "shell")
        if command.search(block.text)
    ]

    assert untested == []
