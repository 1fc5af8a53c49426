"""The files of docs/clusters.md, as a reader would copy them."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.run.shards import Shard

DOCS = Path(__file__).parents[2] / "docs" / "clusters.md"


def block(language: str, containing: str) -> str:
    """Give the code block in a language that contains some words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return str(found)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_slurm_array_gives_each_task_its_shard(tmp_path: Path) -> None:
    """Slurm sets three variables; the command is replaced by one that prints its arguments."""
    footvol = tmp_path / "footvol"
    footvol.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    footvol.chmod(0o755)
    slurm = {"ARRAY_TASK_ID": "3", "ARRAY_TASK_COUNT": "50", "CPUS_PER_TASK": "2"}
    done = subprocess.run(
        ["bash", "-eu", "-c", block("bash", "--array")],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        | {f"SLURM_{name}": value for name, value in slurm.items()},
        check=True,
        capture_output=True,
        text=True,
    )

    words = done.stdout.split()
    assert words == ["run", "study", "out", "--jobs", "2", "--shard", "3/50"]
    assert Shard.parse(words[-1]) == Shard(3, 50)


def test_the_program_for_dask_on_slurm_is_python() -> None:
    """It gives the command the address of the scheduler."""
    (call,) = (
        node
        for node in ast.walk(ast.parse(block("python", "SLURMCluster")))
        if isinstance(node, ast.List)
    )

    words = [node.value for node in call.elts if isinstance(node, ast.Constant)]
    assert words == ["footvol", "run", "study", "out", "--scheduler"]
