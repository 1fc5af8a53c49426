"""Reading and writing of review.tsv, and who it leaves out."""

from pathlib import Path

import pytest

from pipeline.domain.decision import Decision, Signature, Verdict
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError
from pipeline.store.review_table import (
    COLUMNS,
    read_decisions,
    read_excluded,
    rejected,
    write_decisions,
)


def decide(label: str, verdict: Verdict, comment: str = "", reviewer: str = "AB") -> Decision:
    """Make a decision on some labels."""
    signature = Signature(reviewer, "2026-02-03T04:05:06Z", "a" * 64)
    return Decision.of_text(ScanKey(label), verdict, comment, by=signature)


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Whatever a comment holds, sorted by participant and reviewer."""
    path = tmp_path / "review.tsv"
    decisions = (
        decide("01", "reject", 'a "b" \\ <i>c</i> =1+1'),
        decide("01", "accept", "", "CD"),
        decide("02", "needs-correction", "Fußgewölbe"),
    )

    write_decisions(reversed(decisions), path)

    assert read_decisions(path) == decisions
    assert path.read_text().splitlines()[0].split("\t") == list(COLUMNS)


def test_no_table_has_no_decisions(tmp_path: Path) -> None:
    """A review begins without one."""
    assert read_decisions(tmp_path / "review.tsv") == ()


def test_only_rejected_participants_are_excluded(tmp_path: Path) -> None:
    """By any reviewer; accepted ones and those that need correction stay."""
    path = tmp_path / "review.tsv"
    write_decisions(
        [
            decide("01", "accept"),
            decide("02", "needs-correction", "toes"),
            decide("03", "reject", "moved"),
            decide("04", "accept"),
            decide("04", "reject", "", "CD"),
        ],
        path,
    )

    assert read_excluded(path) == {
        ScanKey("03"): "rejected in review by AB: moved",
        ScanKey("04"): "rejected in review by CD",
    }


def test_a_table_of_reasons_excludes_all_it_lists(tmp_path: Path) -> None:
    """The columns participant_id and reason alone, as before."""
    path = tmp_path / "review.tsv"
    path.write_text("participant_id\treason\nsub-02\tmoved\n03\tn/a\n")

    assert read_excluded(path) == {ScanKey("02"): "moved", ScanKey("03"): "n/a"}


def test_reasons_of_several_reviewers_are_joined() -> None:
    """All who rejected a foot are named."""
    both = [decide("05", "reject", "moved"), decide("05", "reject", "wrap", "CD")]

    assert rejected(both) == {
        ScanKey("05"): "rejected in review by AB: moved; rejected in review by CD: wrap"
    }


def test_an_unknown_decision_is_refused(tmp_path: Path) -> None:
    """A misspelt word excludes nobody by mistake."""
    path = tmp_path / "review.tsv"
    path.write_text("participant_id\tdecision\n01\trejected\n")

    words = r"row 2: decision must be one of accept, reject, needs-correction: got 'rejected'"
    with pytest.raises(ConfigError, match=words):
        read_excluded(path)
