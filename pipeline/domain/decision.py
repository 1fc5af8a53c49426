"""A reviewer's decision on the labels of one foot."""

import unicodedata
from dataclasses import dataclass
from typing import Literal, Self, get_args

from pipeline.domain.scan_key import ScanKey

Verdict = Literal["accept", "reject", "needs-correction"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
REJECT: Verdict = "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer decided about one foot.

    Parameters
    ----------
    key
        Whose foot, and in which session and run.
    comment
        One line of text; may be empty.
    time
        When it was made, in UTC, as ISO 8601.
    labels_sha256
        SHA-256 of the muscle label map that the reviewer saw.
    """

    key: ScanKey
    verdict: Verdict
    comment: str
    reviewer: str
    time: str
    labels_sha256: str

    @property
    def reason(self) -> str:
        """Who decided what and why, for tables and reports."""
        words = {"accept": "accepted", "reject": "rejected"}.get(self.verdict, self.verdict)
        return f"{words} in review by {self.reviewer}" + f": {self.comment}" * bool(
            self.comment
        )

    def is_stale(self, labels_sha256: str) -> bool:
        """Whether the labels have changed since the decision."""
        return self.labels_sha256 != labels_sha256

    @classmethod
    def of_text(cls, key: ScanKey, verdict: Verdict, comment: str, *, by: "Signature") -> Self:
        """Make a decision whose comment is one line without control characters."""
        return cls(key, verdict, one_line(comment), by.reviewer, by.time, by.labels_sha256)


def one_line(text: str) -> str:
    """Make text fit for a cell of a table: one line, without control characters."""
    plain = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join("".join(plain).split())


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decided, when, and on which labels."""

    reviewer: str
    time: str
    labels_sha256: str
