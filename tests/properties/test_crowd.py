"""Ten thousand participants: finished, at little cost for each, in memory that stays flat."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
COUNT = 10_000


@pytest.mark.slow
def test_a_crowd_costs_little_for_each(tmp_path: Path) -> None:
    """At most 50 ms of CPU time, 10 ms when up to date, and 1 MB of memory for each 100."""
    done = subprocess.run(
        [sys.executable, str(TESTS / "crowd.py"), str(tmp_path), str(COUNT)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))},
        check=True,
        capture_output=True,
        text=True,
    )

    told = json.loads(done.stdout)
    (_, first_s), (_, again_s) = told["seconds"]
    assert first_s / COUNT < 0.05
    assert again_s / COUNT < 0.01
    growth = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in pairwise(told["kilobytes"])
    ]
    assert max(growth) * 100 < 1024
