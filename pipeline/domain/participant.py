"""One participant of a study."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.scan import Side
from pipeline.domain.scan_key import ScanKey

MISSING = "n/a"
"""The mark of a missing value in BIDS tables; any other text is a value."""
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Participant:
    """A checked row of ``participants.tsv``, for all scans of the participant or for one.

    Parameters
    ----------
    label
        Without the ``sub-`` prefix.
    body_mass_kg
        None if the table says ``n/a``.
    side
        The scanned foot, if the table gives it.
    cells
        All cells of the row as written, by column; empty without a table.
    session, run
        Of the scan, if its name has them.
    """

    label: str
    group: str | None = None
    body_mass_kg: float | None = None
    side: Side | None = None
    cells: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    session: str | None = None
    run: str | None = None

    @property
    def key(self) -> ScanKey:
        """Which scan it is."""
        return ScanKey(self.label, self.session, self.run)

    @property
    def participant_id(self) -> str:
        """The label with its BIDS prefix."""
        return self.key.participant_id


def number_in(cell: str) -> float | None:
    """Parse the number in a table cell; None if it is not a finite number.

    Stricter than `float`: only ASCII digits and a decimal point are accepted, so that
    ``6_5``, ``nan`` and ``1e5000`` are not numbers.
    """
    if not _NUMBER.fullmatch(cell):
        return None
    number = float(cell)
    return number if math.isfinite(number) else None
