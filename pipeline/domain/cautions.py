"""Cautions that accompany a measurement."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caution:
    """A limitation of the data, carried into the sidecar, the tables and the report.

    Parameters
    ----------
    code
        Fixed name in ``kebab-case``, for tables and filters.
    message
        One sentence: what was measured and what it means for the results.
    stage
        Stage that raised it.
    """

    code: str
    message: str
    stage: str


def join_codes(cautions: Iterable[Caution]) -> str:
    """Join the distinct codes, in order of appearance, into one table cell."""
    return ";".join(dict.fromkeys(c.code for c in cautions))
