"""Who was scanned."""

import dataclasses

import pytest

from pipeline.domain.participant import Participant


def test_the_identifier_is_the_label_as_bids_writes_it() -> None:
    """With its prefix."""
    assert Participant("03A").participant_id == "sub-03A"


def test_only_the_label_is_needed() -> None:
    """What the table does not say is None, not a number."""
    participant = Participant("03")

    assert (participant.group, participant.body_mass_kg, participant.side) == (None,) * 3


def test_participants_cannot_be_changed() -> None:
    """A checked row stays as it was checked."""
    participant = Participant("03", body_mass_kg=61.5)

    with pytest.raises(dataclasses.FrozenInstanceError, match="body_mass_kg"):
        participant.body_mass_kg = 0  # type: ignore[misc]
