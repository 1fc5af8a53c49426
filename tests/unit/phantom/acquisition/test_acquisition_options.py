"""What a study asks for beyond its protocol."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
from pipeline.phantom.acquisition.artefacts import DEFAULT_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, get_protocol

GIVEN = get_protocol("pd_tse")


def test_nothing_asked_for_changes_nothing() -> None:
    """The protocol stays, artefacts are the usual ones, and there is nothing to tell."""
    assert AcquisitionOptions().draw(GIVEN, np.random.default_rng(1)) == (
        GIVEN,
        DEFAULT_ARTEFACTS,
    )
    assert not AcquisitionOptions().describe()


def test_what_is_asked_for_is_done_and_told() -> None:
    """Orientation, noise and artefacts end up in the protocol and in the words."""
    imaging = AcquisitionOptions(
        Orientation.AXIAL, muscle_snr=12.0, artefacts=Artefacts(ghosts=0.2)
    )

    protocol, artefacts = imaging.draw(GIVEN, np.random.default_rng(1))
    assert (protocol.orientation, protocol.muscle_snr) == (Orientation.AXIAL, 12.0)
    assert (protocol.name, artefacts.ghosts) == ("pd_tse", 0.2)
    assert imaging.describe() == "orientation axial, muscle_snr 12.0, coil_bias 0, ghosts 0.2"


def test_random_imaging_is_drawn_from_the_generator() -> None:
    """One seed, one protocol, whatever was named."""
    imaging = AcquisitionOptions(is_random=True)

    first, again, other = (
        imaging.draw(GIVEN, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert "at random" in imaging.describe()


def test_impossible_wishes_are_refused() -> None:
    """The words are the protocol's."""
    with pytest.raises(ConfigError, match=r"SNR must be above 0: got -3"):
        AcquisitionOptions(muscle_snr=-3).apply_to(GIVEN)
