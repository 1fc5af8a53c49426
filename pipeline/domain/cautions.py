"""What a reader must know beside a number."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caution:
    """A doubt that travels with the data into sidecar, table and report.

    Parameters
    ----------
    code
        Short fixed name, ``kebab-case``, for tables and filters.
    message
        One sentence: the measured fact and what it means for the numbers.
    stage
        Stage that raised it.
    """

    code: str
    message: str
    stage: str


def join_codes(cautions: Iterable[Caution]) -> str:
    """Give the distinct codes, in order of appearance, as one table cell."""
    return ";".join(dict.fromkeys(c.code for c in cautions))
