"""A decision: its reason in words, and text that fits into a table."""

import pytest

from pipeline.domain.decision import Decision, Signature, Verdict, one_line
from pipeline.domain.scan_key import ScanKey

BY = Signature("AB", "2026-02-03T04:05:06Z", "f" * 64)


@pytest.mark.parametrize(
    ("verdict", "comment", "reason"),
    [
        ("reject", "moved", "rejected in review by AB: moved"),
        ("accept", "", "accepted in review by AB"),
        ("needs-correction", "toes", "needs-correction in review by AB: toes"),
    ],
)
def test_a_decision_gives_its_reason(verdict: Verdict, comment: str, reason: str) -> None:
    """Who decided what and why, in one line."""
    assert Decision.of_text(ScanKey("01"), verdict, comment, by=BY).reason == reason


def test_other_labels_make_a_decision_stale() -> None:
    """It holds for the labels that were seen."""
    decision = Decision.of_text(ScanKey("01"), "accept", "", by=BY)

    assert [decision.is_stale(sha * 64) for sha in "f0"] == [False, True]


def test_text_becomes_one_line() -> None:
    """Line breaks, tabs, escape codes and marks of direction are no part of a cell."""
    assert one_line(" a\tb\r\nc\x1b[0m\u202ed\x00 ") == "a b c [0m d"
