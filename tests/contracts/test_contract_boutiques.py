"""The description for Boutiques fits the program."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from boutiques import bosh

from pipeline import __version__
from pipeline.cli import main

DESCRIPTOR = Path(__file__).parents[2] / "boutiques.json"
EVERY_OPTION: dict[str, Any] = {
    "participant_label": ["01", "sub-02"],
    "session_label": ["a"],
    "run": ["1", "2"],
    "set": "run.retries=2",
    "force": True,
}


def test_the_descriptor_is_valid() -> None:
    """By the schema of Boutiques and its further rules, or an error; and of this version."""
    bosh(["validate", str(DESCRIPTOR)])

    assert json.loads(DESCRIPTOR.read_text())["tool-version"] == __version__


def command_of(invocation: dict[str, Any], folder: Path) -> list[str]:
    """Give the words of the command line that Boutiques makes."""
    values = folder / "invocation.json"
    values.write_text(json.dumps(invocation))
    command: str = bosh(["exec", "simulate", str(DESCRIPTOR), "-i", str(values)]).shell_command
    program, *words = shlex.split(command)
    assert program == "footvol"
    return words


@pytest.mark.integration
@pytest.mark.usefixtures("calls")
def test_footvol_accepts_the_command_line_of_every_option(
    bids_dir: Path, tmp_path: Path
) -> None:
    """At both levels; together they give every input of the descriptor."""
    for number in (1, 2):
        scan = bids_dir / f"sub-0{number}" / "anat" / f"sub-0{number}_T1w.nii.gz"
        for run in (1, 2):
            name = f"sub-0{number}_ses-a_run-{run}_T1w.nii.gz"
            target = bids_dir / f"sub-0{number}" / "ses-a" / "anat" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"scan" * run)
        scan.unlink()
    exclude, config = tmp_path / "exclude.tsv", tmp_path / "config.toml"
    exclude.write_text("participant_id\trun\treason\n01\t1\tmoved\n02\t1\tmoved\n")
    config.write_text("[compare]\nseed = 3\n")
    folders = {"bids_dir": str(bids_dir), "out": str(tmp_path / "out")}
    common = folders | EVERY_OPTION | {"config": str(config)}
    levels: dict[str, dict[str, Any]] = {
        "participant": {"jobs": 2},
        "group": {"exclude": str(exclude)},
    }

    for level, options in levels.items():
        invocation = common | options | {"level": level}
        assert main(command_of(invocation, tmp_path)) == 0

    known = {given["id"] for given in json.loads(DESCRIPTOR.read_text())["inputs"]}
    assert known == {*common, "level", *(name for more in levels.values() for name in more)}
    rows = (tmp_path / "out" / "volumes.tsv").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows if "\tok\t" in row] == ["sub-01", "sub-02"]
