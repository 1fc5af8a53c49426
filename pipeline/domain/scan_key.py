"""Which scan of a dataset: its participant, and its session and run if it has these."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

ENTITIES = ("session", "run")
"""What tells the scans of a participant apart; also columns of tables, in this order."""
_PREFIXES = {"session": "ses-", "run": "run-"}


@dataclass(frozen=True, slots=True)
class ScanKey:
    """The participant, session and run of a scan.

    Parameters
    ----------
    label, session, run
        As in BIDS names, without ``sub-``, ``ses-`` and ``run-``; None where the name has no
        session or run.
    """

    label: str
    session: str | None = None
    run: str | None = None

    @classmethod
    def of_row(cls, row: Mapping[Any, object]) -> Self:
        """Read the cells ``participant_id``, ``session`` and ``run`` of a table's row."""
        label = str(row["participant_id"]).removeprefix("sub-")
        return cls(label, *(bare_entity(row.get(name), name) for name in ENTITIES))

    @property
    def participant_id(self) -> str:
        """The label with its BIDS prefix."""
        return f"sub-{self.label}"

    @property
    def cells(self) -> dict[str, str | None]:
        """Session and run as in tables, with their BIDS prefixes."""
        values = {name: getattr(self, name) for name in ENTITIES}
        return {k: None if v is None else f"{_PREFIXES[k]}{v}" for k, v in values.items()}

    @property
    def name(self) -> str:
        """Participant, session and run as in BIDS names: ``sub-01_ses-02_run-1``."""
        return "_".join((self.participant_id, *filter(None, self.cells.values())))

    @property
    def order(self) -> tuple[str, str, int, str]:
        """What keys are sorted by: run 2 comes before run 10."""
        run = self.run or ""
        number = int(run) if run.isdecimal() else 0
        return self.label, self.session or "", number, run

    def among(self, known: Collection["ScanKey"]) -> list["ScanKey"]:
        """Give the scans that this key names: itself, else those of which it leaves parts open.

        The key of a participant alone therefore names all of the participant's scans, unless
        one of them has neither session nor run.
        """
        return [self] if self in known else [key for key in known if self._covers(key)]

    def _covers(self, other: "ScanKey") -> bool:
        pairs = ((self.session, other.session), (self.run, other.run))
        return self.label == other.label and all(own in (None, its) for own, its in pairs)


def bare_entity(cell: object, name: str) -> str | None:
    """Give the session or run in a cell, without its prefix; None where it is missing.

    Parameters
    ----------
    name
        One of `ENTITIES`.
    """
    if not isinstance(cell, str) or cell in ("", "n/a"):
        return None
    return cell.strip().removeprefix(_PREFIXES[name])
