"""Acquisition options of a study, in addition to its protocol."""

from dataclasses import dataclass, fields, replace

import numpy as np

from pipeline.phantom.acquisition.artefacts import DEFAULT_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, Protocol
from pipeline.phantom.acquisition.random_protocol import draw_acquisition


@dataclass(frozen=True, slots=True)
class AcquisitionOptions:
    """Orientation, field of view, noise and MR artefacts of a study's images.

    Parameters
    ----------
    orientation, oblique_deg, cut_heel_mm, cut_toes_mm
        As in `Protocol`.
    muscle_snr
        None for that of the protocol.
    both_feet
        Whether the other foot, with a different shape, is also in the image.
    is_random
        Whether protocol and MR artefacts are drawn at random for each participant instead.
    """

    orientation: Orientation = Orientation.SHORT_AXIS
    oblique_deg: float = 0.0
    cut_heel_mm: float = 0.0
    cut_toes_mm: float = 0.0
    muscle_snr: float | None = None
    artefacts: Artefacts = DEFAULT_ARTEFACTS
    both_feet: bool = False
    is_random: bool = False

    def apply_to(self, protocol: Protocol) -> Protocol:
        """Give the protocol with these options applied.

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

    def draw(self, protocol: Protocol, rng: np.random.Generator) -> tuple[Protocol, Artefacts]:
        """Give one participant's protocol and MR artefacts; `rng` is used if `is_random`."""
        return (
            draw_acquisition(rng)
            if self.is_random
            else (self.apply_to(protocol), self.artefacts)
        )

    def describe(self) -> str:
        """Describe the options that differ from the default; empty if none does."""
        if self.is_random:
            return "protocol and artefacts drawn at random for each participant"
        default = AcquisitionOptions()
        changes = [
            f"{field.name} {getattr(self, field.name)}"
            for field in fields(self)
            if field.name != "artefacts"
            and getattr(self, field.name) != getattr(default, field.name)
        ]
        artefacts = [
            f"{field.name} {getattr(self.artefacts, field.name):g}"
            for field in fields(Artefacts)
            if getattr(self.artefacts, field.name) != getattr(default.artefacts, field.name)
        ]
        return ", ".join((*changes, *artefacts))
