"""Tables and pages are written only where something has changed."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.run import comparison_input, write_cohort
from pipeline.run.cohort import Cohort
from pipeline.run.outcome import OK
from pipeline.run.process_participant import process_participant
from pipeline.run.update_cohort import check_comparison, update_cohort

pytestmark = [pytest.mark.usefixtures("calls"), pytest.mark.integration]


@pytest.fixture
def measured(cohort: Cohort) -> Cohort:
    """Measure all participants."""
    for job in cohort.jobs():
        process_participant(job)
    return cohort


def times_of(out: Path, names: Sequence[str]) -> list[int]:
    """Give when files were written."""
    return [(out / name).stat().st_mtime_ns for name in names]


def test_a_second_update_writes_nothing(
    measured: Cohort, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and gives the same outcomes."""
    first = update_cohort(measured)
    names = ["volumes.tsv", "report.html", "sub-01.html", "logs/tables.json"]
    before = times_of(measured.out, names)
    with caplog.at_level(logging.INFO, "pipeline"):
        second = update_cohort(measured)

    assert times_of(measured.out, names) == before
    assert "tables and report: up to date" in caplog.messages
    assert [outcome.status for outcome in second] == [OK] * 6
    assert second == first


def test_force_writes_again(measured: Cohort) -> None:
    """Files that were edited are written anew."""
    update_cohort(measured)
    (measured.out / "volumes.tsv").write_text("edited")
    update_cohort(measured, force=True)

    assert (measured.out / "volumes.tsv").read_text().startswith("participant_id\t")


def test_pages_are_written_only_where_wanted(measured: Cohort) -> None:
    """The command compare writes tables alone; pages are then missing."""
    update_cohort(measured, has_pages=False)
    assert not (measured.out / "report.html").exists()

    update_cohort(measured)
    assert (measured.out / "report.html").exists()


def test_the_same_comparison_is_checked_once(
    measured: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables say that it was possible."""
    checked: list[Cohort] = []
    monkeypatch.setattr(comparison_input, "check_columns", checked.append)
    check_comparison(measured)
    update_cohort(measured)
    check_comparison(measured)

    assert checked == [measured]


def test_another_comparison_is_refused_before_anything_is_written(measured: Cohort) -> None:
    """Although there are tables of the former."""
    update_cohort(measured)
    other = replace(measured, config=load_config(None, ["compare.reference='nobody'"]))

    with pytest.raises(ConfigError, match="nobody"):
        check_comparison(other)


def test_a_failure_while_writing_is_tried_again(
    measured: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a record, nothing is up to date."""

    def stop(*_: object, **__: object) -> None:
        msg = "power cut"
        raise KeyboardInterrupt(msg)

    with monkeypatch.context() as patch:
        patch.setattr(write_cohort, "write_pages", stop)
        with pytest.raises(KeyboardInterrupt, match="power cut"):
            update_cohort(measured)
    update_cohort(measured)

    assert (measured.out / "report.html").exists()
