"""Exit codes of commands over many participants."""

from dataclasses import replace

import pytest

from pipeline.run.job import Job
from pipeline.run.outcome import Outcome, exit_code


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
