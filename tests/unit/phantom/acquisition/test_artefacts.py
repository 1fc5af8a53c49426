"""Strengths of MR artefacts: off at 0, limits, and reading from text."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from small_foot import SUPPRESSED, THICK, WATER, relative_intensity

from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.artefacts import (
    DEFAULT_ARTEFACTS,
    LIMITS,
    Artefacts,
    read_artefacts,
)
from pipeline.phantom.acquisition.protocols import Protocol


def test_every_artefact_has_its_range() -> None:
    """`LIMITS` has an entry for every field."""
    assert list(LIMITS) == list(asdict(Artefacts()))


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("protocol", [THICK, SUPPRESSED, WATER])
def test_zero_is_off(name: str, protocol: Protocol) -> None:
    """A strength of 0 gives the same image to the bit."""
    np.testing.assert_array_equal(
        relative_intensity(protocol, **{name: 0.0}), relative_intensity(protocol)
    )


@pytest.mark.parametrize("name", LIMITS)
def test_a_number_out_of_range_is_refused(name: str) -> None:
    """The message gives artefact, range and number."""
    limit = f"{LIMITS[name]:g}".replace(".", r"\.")
    with pytest.raises(ConfigError, match=rf"{name} must lie between 0 and {limit}: got -0\.1"):
        Artefacts(**{name: -0.1})
    with pytest.raises(ConfigError, match=rf"{name} must lie between.*0 is off"):
        Artefacts(**{name: LIMITS[name] + 0.1})


def test_artefacts_are_read_from_text() -> None:
    """Those not named have their defaults."""
    artefacts = read_artefacts(["ghosts=0.1", "coil_bias=0"])

    assert artefacts == replace(DEFAULT_ARTEFACTS, ghosts=0.1, coil_bias=0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ghost=0.1", r"one of coil_bias, .*tissue_spread: got 'ghost'"),
        ("ghosts", r"ghosts must be given as a number: got ''.*ghosts=0\.2"),
        ("ghosts=much", r"ghosts must be given as a number: got 'much'"),
        ("ghosts=7", r"ghosts must lie between 0 and 0\.5: got 7"),
    ],
)
def test_unknown_artefacts_and_numbers_are_refused(text: str, message: str) -> None:
    """The message gives the text that was read."""
    with pytest.raises(ConfigError, match=message):
        read_artefacts([text])
