"""The lock on OUT."""

from pathlib import Path

import pytest

from pipeline.errors import ArtefactError, ConfigError
from pipeline.run.cohort import Cohort
from pipeline.run.locked_out import out_locked, out_prepared


def test_a_second_command_on_out_is_refused(cohort: Cohort) -> None:
    """It names the folder and changes nothing."""
    with (
        out_prepared(cohort),
        pytest.raises(ConfigError, match=r"work on the output folder '.+out': got it in use"),
        out_prepared(cohort),
    ):
        pass


def test_commands_on_other_participants_share_out(cohort: Cohort) -> None:
    """Both find it prepared."""
    with out_prepared(cohort, is_shared=True), out_prepared(cohort, is_shared=True):
        assert (cohort.out / "dataset_description.json").exists()


def test_a_refused_folder_gets_no_lock(cohort: Cohort) -> None:
    """Nothing is written where files of others are."""
    cohort.out.mkdir()
    (cohort.out / "volumes.tsv").write_text("of others")

    with pytest.raises(ArtefactError, match="files of unknown origin"), out_prepared(cohort):
        pass
    assert [path.name for path in cohort.out.iterdir()] == ["volumes.tsv"]


def test_a_lock_on_out_is_waited_for(cohort: Cohort, tmp_path: Path) -> None:
    """As long as asked for."""
    with (
        out_locked(tmp_path),
        pytest.raises(ConfigError, match="Run again when that has ended"),
        out_locked(tmp_path, is_shared=True, wait_s=0.1),
    ):
        pass
    with out_locked(cohort.out, wait_s=0):
        assert (cohort.out / "logs" / "lock").exists()
