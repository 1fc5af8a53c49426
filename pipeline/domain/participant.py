"""Who was scanned."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.scan import Side

MISSING = "n/a"
"""What a cell without a value holds in BIDS; any other word is a value."""
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Participant:
    """One row of ``participants.tsv``, checked.

    Parameters
    ----------
    label
        Without the ``sub-`` prefix.
    body_mass_kg
        None where the table says ``n/a``.
    side
        Foot that was scanned, where the table says so.
    cells
        All cells of the row as they were written, by column; none without a table.
    """

    label: str
    group: str | None = None
    body_mass_kg: float | None = None
    side: Side | None = None
    cells: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def participant_id(self) -> str:
        """The label as BIDS writes it."""
        return f"sub-{self.label}"


def number_in(cell: str) -> float | None:
    """Give the number that a cell holds; None if it is none, not finite, or missing.

    Digits are 0 to 9 and the decimal sign is a point: ``6_5``, ``70,5``, ``nan`` and
    ``1e5000``, which `float` takes in one way or another, are no numbers here.
    """
    if not _NUMBER.fullmatch(cell):
        return None
    number = float(cell)
    return number if math.isfinite(number) else None
