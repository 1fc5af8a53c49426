"""The scan protocols that the digital foot can be taken with."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.domain.scan import Contrast
from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Protocol:
    """One spin-echo protocol, in the scanner's terms.

    Parameters
    ----------
    field_t
        Field strength, tesla.
    in_plane_mm
        Pixel size; pixels are square.
    slice_thickness_mm
        What is excited: the signal is averaged over this.
    slice_spacing_mm
        From slice centre to slice centre: thickness plus gap.
    muscle_snr
        Signal of pure muscle over the standard deviation of the noise in the
        real and in the imaginary channel.
    coil_bias
        Largest relative deviation of the coil's sensitivity from its mean.
    margin_mm
        Air between the foot and the edge of the image.
    """

    name: str
    contrast: Contrast
    field_t: float
    repetition_time_ms: float
    echo_time_ms: float
    in_plane_mm: float
    slice_thickness_mm: float
    slice_spacing_mm: float
    muscle_snr: float = 20.0
    coil_bias: float = 0.15
    margin_mm: float = 3.0


_ALL = (
    Protocol("t1_se_4mm", Contrast.T1W, 1.5, 500, 15, 0.5, 4.0, 4.0),
    Protocol("t1_se_4mm_coarse", Contrast.T1W, 1.5, 500, 15, 0.6, 4.0, 4.0),  # small files
    Protocol("t1_tse_3mm", Contrast.T1W, 3.0, 700, 12, 0.4, 3.0, 3.3, muscle_snr=30.0),
    Protocol("pd_tse", Contrast.PDW, 3.0, 3000, 30, 0.4, 3.0, 3.3, muscle_snr=40.0),
)
PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({p.name: p for p in _ALL})
PROTOCOL_NAMES = tuple(PROTOCOLS)
DEFAULT_PROTOCOL = PROTOCOL_NAMES[0]


def get_protocol(name: str) -> Protocol:
    """Give the protocol of this name.

    Raises
    ------
    ConfigError
        If there is none; the message lists the known ones.
    """
    if name not in PROTOCOLS:
        msg = (
            f"The protocol must be a known one: got {name!r}. "
            f"Choose one of {', '.join(PROTOCOL_NAMES)}."
        )
        raise ConfigError(msg)
    return PROTOCOLS[name]
