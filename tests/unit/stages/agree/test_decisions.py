"""How often two reviewers decide alike."""

import pytest

from pipeline.domain.decision import Decision, Signature, Verdict
from pipeline.domain.scan_key import ScanKey
from pipeline.stages.agree import DECISION_COLUMNS, agree_on_decisions


def decide(label: str, reviewer: str, verdict: Verdict, labels: str = "a") -> Decision:
    """Make a decision on some labels."""
    signature = Signature(reviewer, "2026-02-03T04:05:06Z", labels * 64)
    return Decision.of_text(ScanKey(label), verdict, "", by=signature)


def test_kappa_is_agreement_beyond_chance() -> None:
    """Twenty feet of a textbook's kind: 15 alike, 10.5 by chance, kappa 0.47."""
    pairs: list[tuple[Verdict, Verdict, int]] = [
        ("accept", "accept", 10),
        ("reject", "reject", 5),
        ("accept", "reject", 2),
        ("reject", "accept", 3),
    ]
    feet = [(a, b) for a, b, count in pairs for _ in range(count)]
    decisions = [
        decide(f"{number:02}", reviewer, verdict)
        for number, pair in enumerate(feet)
        for reviewer, verdict in zip(("CD", "AB"), pair, strict=True)
    ]

    (row,) = agree_on_decisions(decisions).to_dict("records")

    by_chance = (12 * 13 + 8 * 7) / 20**2
    assert (row["reviewer_a"], row["reviewer_b"], row["n"]) == ("AB", "CD", 20)
    assert row["agreement"] == pytest.approx(0.75)
    assert row["kappa"] == pytest.approx((0.75 - by_chance) / (1 - by_chance))
    assert row["kappa_ci95_low"] < row["kappa"] < row["kappa_ci95_high"]


def test_decisions_on_other_labels_are_not_compared() -> None:
    """The second reviewer saw corrected labels."""
    decisions = [decide("01", "AB", "reject"), decide("01", "CD", "accept", "b")]

    (row,) = agree_on_decisions(decisions).to_dict("records")

    assert (row["n"], row["note"]) == (0, "no foot that both decided on")


def test_one_decision_throughout_has_no_kappa() -> None:
    """All agree, and would by chance."""
    decisions = [decide(label, who, "accept") for label in ("01", "02") for who in ("AB", "CD")]

    (row,) = agree_on_decisions(decisions).to_dict("records")

    assert row["agreement"] == 1
    assert "one and the same" in row["note"]


def test_every_pair_of_reviewers_has_a_row() -> None:
    """Three reviewers make three pairs."""
    decisions = [decide("01", who, "accept") for who in ("C", "A", "B")]

    table = agree_on_decisions(decisions)

    assert list(table.columns) == list(DECISION_COLUMNS)
    pairs = list(zip(table["reviewer_a"], table["reviewer_b"], strict=True))
    assert pairs == [("A", "B"), ("A", "C"), ("B", "C")]
