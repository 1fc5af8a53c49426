"""The result of one check of image quality."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of a quality check."""

    PASSED = "pass"
    CAUTION = "caution"
    REFUSAL = "refusal"
    UNKNOWN = "n/a"


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured property of a scan, compared with its limits.

    Parameters
    ----------
    gate
        Name of the check in ``kebab-case``.
    value
        None if it could not be measured.
    unit
        Unit of the value; empty for a dimensionless number.
    message
        What must hold, what was measured and what to do; empty if the check passed.
    """

    gate: str
    value: float | None
    unit: str
    verdict: Verdict
    message: str = ""

    def summary(self) -> str:
        """Value, unit and verdict as a short text, such as ``6.2 (caution)``."""
        if self.value is None:
            return str(Verdict.UNKNOWN)
        text = f"{self.value:.3g} {self.unit}".strip()
        return text if self.verdict is Verdict.PASSED else f"{text} ({self.verdict})"
