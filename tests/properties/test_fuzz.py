"""Thousands of damaged inputs: refused in a sentence, or read as their bytes say."""

from pathlib import Path

import pytest
from fuzzing.kinds import COUNTS, MAKERS, faults_of
from fuzzing.trial import fault_of_message

_SAMPLE = 12
_PART = 125
_PARTS = [(kind, first) for kind, count in COUNTS.items() for first in range(0, count, _PART)]


def test_ten_thousand_inputs_are_tried() -> None:
    """The long run has at least as many, of every kind there is."""
    assert set(COUNTS) == set(MAKERS)
    assert sum(COUNTS.values()) >= 10_000


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A scan must be whole: got 3 of 9 bytes. Copy it again.", ""),
        ("A scan must be whole: got a cut-off file (OSError). Copy it again.", "'OSError'"),
        ("A header must be whole: got a fault (in 'None').", "in 'None'"),
        ("A table must have tabs: got\nnone.", "2 lines"),
        ("A label must be letters: got '\x1b'.", "cannot be printed"),
        ("x" * 2000, "2000 characters"),
        ("must exist", "no sentence"),
    ],
)
def test_unhelpful_messages_are_detected(text: str, fault: str) -> None:
    """Such as names of exceptions, line breaks and control characters."""
    assert fault in fault_of_message(text)
    assert bool(fault) == bool(fault_of_message(text))


@pytest.mark.integration
@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_input_is_refused_or_read_right(kind: str, tmp_path: Path) -> None:
    """A sample of each kind; `python tests/fuzz.py KIND NUMBER` tries one again."""
    faults = list(faults_of(kind, range(_SAMPLE), tmp_path / "sandbox"))

    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "first"), _PARTS)
def test_thousands_of_damaged_inputs_are_refused_or_read_right(
    kind: str, first: int, tmp_path: Path
) -> None:
    """All of them, by `make fuzz`."""
    numbers = range(first, min(first + _PART, COUNTS[kind]))
    faults = list(faults_of(kind, numbers, tmp_path / "sandbox"))

    assert not faults, "\n".join(faults)
