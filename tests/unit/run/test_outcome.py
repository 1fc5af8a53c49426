"""Exit codes of commands over many participants, and how an outcome is logged."""

import logging
from dataclasses import replace

import pytest

from pipeline.run.job import Job
from pipeline.run.outcome import Outcome, exit_code, log_outcome


@pytest.mark.parametrize(
    ("codes", "is_single_stage", "expected"),
    [
        ((), False, 0),
        ((0, 0), False, 0),
        ((0, 4), False, 3),
        ((0, 4), True, 4),
        ((3, 4), True, 3),
        ((5, 0), False, 5),
        ((5, 4), False, 3),
        ((2, 2), False, 2),
        ((2, 5), False, 3),
        ((1, 5), False, 1),
    ],
)
def test_exit_codes_of_many_participants(
    job: Job, codes: tuple[int, ...], is_single_stage: bool, expected: int
) -> None:
    """A bug takes precedence; a failed participant is 3; a stage keeps its own code."""
    outcomes = [replace(Outcome(job.participant), code=code) for code in codes]

    assert exit_code(outcomes, is_single_stage=is_single_stage) == expected


def test_a_lack_of_memory_is_explained(job: Job) -> None:
    """It is no bug of footvol."""
    outcome = Outcome.of_error(job.participant, MemoryError())

    assert outcome.code == 3
    assert str(outcome.reason).startswith("Memory must suffice for a scan: got none that was")


@pytest.mark.parametrize(
    ("error", "has_traceback"), [(ZeroDivisionError("bug"), True), (MemoryError(), False)]
)
def test_only_bugs_are_logged_with_a_traceback(
    job: Job, caplog: pytest.LogCaptureFixture, error: Exception, has_traceback: bool
) -> None:
    """And every failure with its reason."""
    outcome = Outcome.of_error(job.participant, error)
    with caplog.at_level(logging.DEBUG):
        log_outcome(outcome, seconds=1.0, attempt=2, error=error)

    assert any(record.exc_info for record in caplog.records) == has_traceback
    assert f"sub-01: {outcome.reason}" in caplog.messages
    assert caplog.records[-1].event["attempt"] == 2  # type: ignore[attr-defined]
