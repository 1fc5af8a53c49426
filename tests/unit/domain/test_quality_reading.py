"""A quality reading as text."""

import pytest

from pipeline.domain.quality_reading import Reading, Verdict


@pytest.mark.parametrize(
    ("value", "unit", "verdict", "text"),
    [
        (6.21, "mm", Verdict.PASSED, "6.21 mm"),
        (0.12345, "", Verdict.CAUTION, "0.123 (caution)"),
        (31.0, "mm", Verdict.REFUSAL, "31 mm (refusal)"),
        (None, "mm", Verdict.UNKNOWN, "n/a"),
    ],
)
def test_a_summary_gives_value_unit_and_verdict(
    value: float | None, unit: str, verdict: Verdict, text: str
) -> None:
    """Three digits are given, and the verdict unless the check passed."""
    assert Reading("slice-gap", value, unit, verdict).summary() == text
