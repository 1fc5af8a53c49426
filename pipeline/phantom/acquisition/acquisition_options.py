"""How a study takes its images: what it asks for beyond a protocol's own numbers."""

from dataclasses import dataclass, fields, replace

import numpy as np

from pipeline.phantom.acquisition.artefacts import USUAL_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, Protocol
from pipeline.phantom.acquisition.random_protocol import draw_acquisition


@dataclass(frozen=True, slots=True)
class Imaging:
    """Orientation, field of view, noise and artefacts of a study's images.

    Parameters
    ----------
    orientation, oblique_deg, cut_heel_mm, cut_toes_mm
        As in `Protocol`.
    muscle_snr
        None for the protocol's own.
    both_feet
        Whether the other foot, of a shape of its own, lies in the image, too.
    is_random
        Whether each participant's protocol and artefacts are drawn at random instead.
    """

    orientation: Orientation = Orientation.SHORT_AXIS
    oblique_deg: float = 0.0
    cut_heel_mm: float = 0.0
    cut_toes_mm: float = 0.0
    muscle_snr: float | None = None
    artefacts: Artefacts = USUAL_ARTEFACTS
    both_feet: bool = False
    is_random: bool = False

    def applied(self, protocol: Protocol) -> Protocol:
        """Give the protocol with what is asked for.

        Raises
        ------
        ConfigError
            If a number is out of range.
        """
        snr = protocol.muscle_snr if self.muscle_snr is None else self.muscle_snr
        return replace(
            protocol,
            orientation=self.orientation,
            oblique_deg=self.oblique_deg,
            cut_heel_mm=self.cut_heel_mm,
            cut_toes_mm=self.cut_toes_mm,
            muscle_snr=snr,
        )

    def drawn(self, protocol: Protocol, rng: np.random.Generator) -> tuple[Protocol, Artefacts]:
        """Give one participant's protocol and artefacts; `rng` is used if they are random."""
        return (
            draw_acquisition(rng)
            if self.is_random
            else (self.applied(protocol), self.artefacts)
        )

    def told(self) -> str:
        """Say what differs from the default, in words; empty if nothing does."""
        if self.is_random:
            return "protocol and artefacts drawn at random for each participant"
        usual = Imaging()
        said = [
            f"{field.name} {getattr(self, field.name)}"
            for field in fields(self)
            if field.name != "artefacts"
            and getattr(self, field.name) != getattr(usual, field.name)
        ]
        spoilt = [
            f"{field.name} {getattr(self.artefacts, field.name):g}"
            for field in fields(Artefacts)
            if getattr(self.artefacts, field.name) != getattr(usual.artefacts, field.name)
        ]
        return ", ".join((*said, *spoilt))
