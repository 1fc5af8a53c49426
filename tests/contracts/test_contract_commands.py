"""What every command promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.cli import main
from pipeline.domain.segmenter_names import SEGMENTER_NAMES, USER_MODELS
from pipeline.segmenters.registry import SEGMENTERS

USAGE = Path(__file__).parents[2] / "docs" / "usage.md"
COMMANDS = [
    *("run", "intake", "preprocess", "segment", "regions", "measure"),
    *("compare", "report", "scan", "phantom", "agree", "info", "review", "export"),
]
HEAVY = {
    *("scipy", "SimpleITK", "pandas", "matplotlib", "nibabel", "skimage", "statsmodels"),
    *("onnxruntime", "jinja2", "pydicom", "distributed"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help has an example and the options that all commands share."""
    assert main([command, "--help"]) == 0

    printed = capsys.readouterr().out
    for words in (f"Example: footvol {command}", "--config", "--set", "--verbose", "--quiet"):
        assert words in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_docs(command: str) -> None:
    """The usage page has a line for it."""
    assert f"footvol {command}" in USAGE.read_text()


@pytest.mark.parametrize(
    "error",
    [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)],
)
def test_every_exit_code_is_in_the_docs(error: type[errors.PipelineError]) -> None:
    """The table of exit codes has each error's."""
    assert f"| {error.exit_code} |" in USAGE.read_text()


def imported_by(*words: object) -> tuple[str, set[str]]:
    """Run a command in a process of its own; give what it prints, and what it imports."""
    code = (
        f"import sys; from pipeline.cli import main; main({[str(word) for word in words]!r}); "
        "print('imported', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    printed, _, modules = done.stdout.rpartition("imported")
    return printed + done.stderr, set(modules.split())


@pytest.mark.parametrize(
    "words", [["--help"], ["info", "--json"], ["run", "--help"], ["export", "--help"]]
)
def test_help_and_info_import_nothing_heavy(words: list[str]) -> None:
    """Help and info answer at once."""
    _, modules = imported_by(*words)

    assert not modules & HEAVY
    assert "numpy" not in modules or "info" in words


@pytest.mark.integration
@pytest.mark.usefixtures("calls")
def test_a_run_with_nothing_to_do_imports_nothing_heavy(bids_dir: Path, tmp_path: Path) -> None:
    """Nor does one of a single scan, or the status: all are answered from the records."""
    image = tmp_path / "foot.nii.gz"
    image.write_bytes(b"fine")
    commands = (["run", bids_dir, tmp_path / "out"], ["scan", image, tmp_path / "one"])
    for words in commands:
        assert main([*map(str, words), "-q"]) == 0

    for words in (*commands, ["status", bids_dir, tmp_path / "out"]):
        printed, modules = imported_by(*words)

        assert "up to date" in printed or words[0] == "status"
        assert not modules & HEAVY


def test_info_prints_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get what people read."""
    assert main(["info", "--json"]) == 0

    facts = json.loads(capsys.readouterr().out)
    assert [muscle["index"] for muscle in facts["muscles"]] == [*range(1, 13)]
    names = {"segmenters", "protocols", "effects"}
    assert set(facts) == {"version", "muscles", "bones", "regions", *names}


def test_info_names_all_segmenters() -> None:
    """Names and segmenters are apart, as these need heavy libraries, and must fit."""
    assert (*SEGMENTERS, *USER_MODELS) == SEGMENTER_NAMES
