"""A participant, and numbers in table cells."""

import dataclasses

import pytest

from pipeline.domain.participant import Participant, number_in


def test_the_identifier_is_the_label_with_its_prefix() -> None:
    """As BIDS writes it."""
    assert Participant("03A").participant_id == "sub-03A"


def test_only_the_label_is_needed() -> None:
    """Unknown values are None."""
    participant = Participant("03")

    assert (participant.group, participant.body_mass_kg, participant.side) == (None,) * 3


def test_participants_cannot_be_changed() -> None:
    """A checked row is frozen."""
    participant = Participant("03", body_mass_kg=61.5)

    with pytest.raises(dataclasses.FrozenInstanceError, match="body_mass_kg"):
        participant.body_mass_kg = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("cell", "number"),
    [("70", 70.0), ("+70.50", 70.5), (".5", 0.5), ("7.", 7.0), ("-1e-2", -0.01), ("007", 7.0)],
)
def test_a_number_is_decimal_digits_with_a_point(cell: str, number: float) -> None:
    """Sign and exponent are optional."""
    assert number_in(cell) == number


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "",
            ".",
            "n/a",
            "6_5",
            "70,5",
            "1e5000",
            "-1e5000",
            "inf",
            "nan",
            "NaN",
            "1e",
            "0x10",
        ),
        *("1 000", " 7", "7\n", "\uff17", "\u0667", "\u00b2", "1\u00bd", "\u22121", "True"),
    ],
)
def test_what_only_some_programs_read_as_a_number_is_refused(cell: str) -> None:
    """Grouped or non-ASCII digits, blanks, infinities."""
    assert number_in(cell) is None
