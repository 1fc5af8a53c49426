"""Executors: options that are refused, and scratch files."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.run.executors import InProcess, WorkerProcesses
from pipeline.run.open_executor import open_cohort_executor, open_executor


def test_zero_jobs_are_refused() -> None:
    """At least one is needed."""
    with pytest.raises(ConfigError, match="--jobs must be 1 or more: got 0"), open_executor(0):
        pass


@pytest.mark.parametrize(("is_one", "kind"), [(True, InProcess), (False, WorkerProcesses)])
def test_one_participant_alone_is_processed_in_this_process(is_one: bool, kind: type) -> None:
    """Several have processes of their own, also one at a time, as these can be ended."""
    with open_cohort_executor(1, None, limit_s=None, is_one=is_one) as executor:
        assert isinstance(executor, kind)


def test_temporary_files_of_killed_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Converted or unpacked scans of an earlier command are removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / ".footvol-dead" / "files").mkdir(parents=True)
    with open_executor():
        pass

    assert not [*tmp_path.iterdir()]
