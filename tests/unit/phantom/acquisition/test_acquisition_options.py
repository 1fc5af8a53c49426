"""Acquisition options in addition to a protocol."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
from pipeline.phantom.acquisition.artefacts import DEFAULT_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, get_protocol

GIVEN = get_protocol("pd_tse")


def test_default_options_change_nothing() -> None:
    """Protocol and MR artefacts are the defaults, and the description is empty."""
    assert AcquisitionOptions().draw(GIVEN, np.random.default_rng(1)) == (
        GIVEN,
        DEFAULT_ARTEFACTS,
    )
    assert not AcquisitionOptions().describe()


def test_options_are_applied_and_described() -> None:
    """Orientation, noise and MR artefacts are in the protocol and in the description."""
    options = AcquisitionOptions(
        Orientation.AXIAL, muscle_snr=12.0, artefacts=Artefacts(ghosts=0.2)
    )

    protocol, artefacts = options.draw(GIVEN, np.random.default_rng(1))
    assert (protocol.orientation, protocol.muscle_snr) == (Orientation.AXIAL, 12.0)
    assert (protocol.name, artefacts.ghosts) == ("pd_tse", 0.2)
    assert options.describe() == "orientation axial, muscle_snr 12.0, coil_bias 0, ghosts 0.2"


def test_random_options_come_from_the_generator() -> None:
    """One seed gives one protocol, whatever protocol is given."""
    options = AcquisitionOptions(is_random=True)

    first, again, other = (
        options.draw(GIVEN, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert "at random" in options.describe()


def test_options_out_of_range_are_refused() -> None:
    """The message is that of the protocol."""
    with pytest.raises(ConfigError, match=r"SNR must be above 0: got -3"):
        AcquisitionOptions(muscle_snr=-3).apply_to(GIVEN)
