"""Who was scanned."""

from dataclasses import dataclass

from pipeline.domain.scan import Side


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
    """

    label: str
    group: str | None = None
    body_mass_kg: float | None = None
    side: Side | None = None

    @property
    def participant_id(self) -> str:
        """The label as BIDS writes it."""
        return f"sub-{self.label}"
