"""What a check of image quality found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What comes of a reading."""

    PASSED = "pass"
    CAUTION = "caution"
    REFUSAL = "refusal"
    UNKNOWN = "n/a"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured property of a scan, held to its limits.

    Parameters
    ----------
    gate
        Short fixed name, ``kebab-case``.
    value
        None where it could not be measured.
    unit
        Of the value; empty for a pure number.
    message
        One sentence: what must hold, what was got, what to do; empty if all is well.
    """

    gate: str
    value: float | None
    unit: str
    verdict: Verdict
    message: str = ""

    def told(self) -> str:
        """Give value, unit and verdict in a few words, such as ``6.2 (caution)``."""
        if self.value is None:
            return str(Verdict.UNKNOWN)
        text = f"{self.value:.3g} {self.unit}".strip()
        return text if self.verdict is Verdict.PASSED else f"{text} ({self.verdict})"
