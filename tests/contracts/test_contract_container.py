"""The recipe of the container, as far as it can be tried without a container engine."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text()


def test_the_program_is_run_by_a_user_who_owns_nothing() -> None:
    """By number, so that the image needs no entry for it."""
    assert re.search(r"^USER 65534:65534$", RECIPE, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["footvol"\]$', RECIPE, re.MULTILINE)


@pytest.mark.integration
def test_the_files_that_the_build_gets_make_the_whole_wheel(tmp_path: Path) -> None:
    """All modules and data files of the package are in it."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    context = tmp_path / "context"
    context.mkdir()
    for name in (line.removeprefix("!") for line in lines if line.startswith("!")):
        source, ignored = ROOT / name, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=ignored)
        else:
            shutil.copyfile(source, context / name)

    words = ("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", context)
    subprocess.run([sys.executable, *words], check=True, capture_output=True)

    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("pipeline/")}
    here = {path for path in (ROOT / "pipeline").rglob("*") if path.is_file()}
    names = {path.relative_to(ROOT).as_posix() for path in here}
    assert packed == {name for name in names if "__pycache__" not in name}
