"""Protocols of the simulated acquisition."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pipeline.domain.scan import SPACING_LIMITS_MM, Contrast
from pipeline.errors import ConfigError

_FIELDS_T = (1.5, 3.0, 7.0)  # those of the relaxation table


class Technique(StrEnum):
    """Pulse sequence types."""

    SPIN_ECHO = "spin-echo"
    FAST_SPIN_ECHO = "fast-spin-echo"
    GRADIENT_ECHO = "gradient-echo"  # spoiled


class Orientation(StrEnum):
    """Orientation of the slices relative to the foot."""

    SHORT_AXIS = "short-axis"  # perpendicular to the long axis
    AXIAL = "axial"  # parallel to the sole
    SAGITTAL = "sagittal"  # perpendicular to the mediolateral axis


@dataclass(frozen=True, slots=True)
class Protocol:
    """Parameters of a scan.

    Parameters
    ----------
    contrast
        Of the image; for Dixon `WATER` or `FAT`, the image to be measured.
    field_t
        Field strength, tesla.
    in_plane_mm
        Pixel size; pixels are square.
    slice_thickness_mm
        Thickness over which the signal is averaged.
    slice_spacing_mm
        From slice centre to slice centre: thickness plus gap.
    muscle_snr
        Signal of pure muscle over the standard deviation of the noise in the real and in
        the imaginary channel; infinite for no noise.
    margin_mm
        Air between the foot and the edge of the image.
    flip_deg
        Flip angle of gradient echoes.
    echo_train_ms
        From excitation to the last echo of a fast spin echo.
    fat_left
        Fraction of the fat signal that remains after fat suppression; 1 without it.
    is_dixon
        Whether water and fat are separated; the echo time is that of opposed phase.
    oblique_deg
        Rotation of the slices about their first array axis.
    phase_axis
        In-plane array axis, 0 or 1, of phase encoding; the other is frequency encoding.
    cut_heel_mm, cut_toes_mm
        Length of the foot outside the field of view at either end.

    Raises
    ------
    ConfigError
        If a number is out of range.
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
    margin_mm: float = 3.0
    technique: Technique = Technique.SPIN_ECHO
    flip_deg: float = 90.0
    echo_train_ms: float = 0.0
    fat_left: float = 1.0
    is_dixon: bool = False
    orientation: Orientation = Orientation.SHORT_AXIS
    oblique_deg: float = 0.0
    phase_axis: int = 0
    cut_heel_mm: float = 0.0
    cut_toes_mm: float = 0.0

    def __post_init__(self) -> None:
        low, high = SPACING_LIMITS_MM
        spacing = (self.in_plane_mm, self.slice_thickness_mm, self.slice_spacing_mm)
        times = (self.repetition_time_ms, self.echo_time_ms, self.echo_train_ms)
        lengths = (self.margin_mm, self.cut_heel_mm, self.cut_toes_mm)
        in_order = 0 < self.echo_time_ms < self.repetition_time_ms < math.inf
        for rule, holds, got in (
            (
                f"pixel size, slice thickness and spacing must lie in {low} to {high} mm",
                all(low <= s <= high for s in spacing),
                spacing,
            ),
            (
                "slice spacing must be at least the slice thickness",
                self.slice_spacing_mm >= self.slice_thickness_mm,
                (self.slice_spacing_mm, self.slice_thickness_mm),
            ),
            ("SNR must be above 0", self.muscle_snr > 0, self.muscle_snr),
            ("field must be 1.5, 3 or 7 T", self.field_t in _FIELDS_T, self.field_t),
            (
                "repetition time must be longer than echo time and echo train, all in ms",
                in_order and 0 <= self.echo_train_ms < self.repetition_time_ms,
                times,
            ),
            ("flip angle must lie in 1 to 90", 1 <= self.flip_deg <= 90, self.flip_deg),
            ("fraction of fat left must lie in 0 to 1", 0 <= self.fat_left <= 1, self.fat_left),
            (
                "oblique angle must lie in -90 to 90 degrees",
                abs(self.oblique_deg) <= 90,
                self.oblique_deg,
            ),
            ("phase axis must be 0 or 1", self.phase_axis in {0, 1}, self.phase_axis),
            ("margin and cuts must be 0 mm or more", min(lengths) >= 0, lengths),
        ):
            if not holds:
                msg = f"A protocol's {rule}: got {got!r}. Give numbers that fit."
                raise ConfigError(msg)


_ALL = (
    Protocol("t1_se_4mm", Contrast.T1W, 1.5, 500, 15, 0.5, 4.0, 4.0),
    Protocol("t1_se_4mm_coarse", Contrast.T1W, 1.5, 500, 15, 0.7, 4.0, 4.0),  # small files
    Protocol(
        "t1_tse_3mm", Contrast.T1W, 3.0, 700, 12, 0.4, 3.0, 3.3, muscle_snr=30.0,
        technique=Technique.FAST_SPIN_ECHO, echo_train_ms=36.0,
    ),
    Protocol(
        "vibe_0p8", Contrast.T1W, 3.0, 10, 2.4, 0.8, 0.8, 0.8, muscle_snr=25.0,
        technique=Technique.GRADIENT_ECHO, flip_deg=20.0,
    ),
    # Echo times and flip of a leg protocol (nnUNet_MRI_leg_muscles), voxel 1 x 1 x 3 mm
    Protocol(
        "dixon_2pt", Contrast.WATER, 3.0, 6.0, 3.5, 1.0, 3.0, 3.0, muscle_snr=30.0,
        technique=Technique.GRADIENT_ECHO, flip_deg=6.0, is_dixon=True,
    ),
    Protocol(
        "pd_tse", Contrast.PDW, 3.0, 3000, 30, 0.4, 3.0, 3.3, muscle_snr=40.0,
        technique=Technique.FAST_SPIN_ECHO, echo_train_ms=80.0,
    ),
    Protocol(
        "t2_fs", Contrast.T2W, 1.5, 4000, 80, 0.5, 3.0, 3.3, muscle_snr=20.0,
        technique=Technique.FAST_SPIN_ECHO, echo_train_ms=160.0, fat_left=0.05,
    ),
)  # fmt: skip
IN_PHASE_MS = 4.6
"""Echo time at which water and fat are in phase in `dixon_2pt`: twice 2.3 ms at 3 T."""

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({p.name: p for p in _ALL})
PROTOCOL_NAMES = tuple(PROTOCOLS)
DEFAULT_PROTOCOL = PROTOCOL_NAMES[0]


def get_protocol(name: str) -> Protocol:
    """Give the protocol of this name.

    Raises
    ------
    ConfigError
        If the name is unknown; the message lists the known ones.
    """
    if name not in PROTOCOLS:
        msg = (
            f"The protocol must be a known one: got {name!r}. "
            f"Choose one of {', '.join(PROTOCOL_NAMES)}."
        )
        raise ConfigError(msg)
    return PROTOCOLS[name]


def get_orientation(name: str) -> Orientation:
    """Give the orientation of this name.

    Raises
    ------
    ConfigError
        If the name is unknown; the message lists the known ones.
    """
    try:
        return Orientation(name)
    except ValueError as error:
        msg = (
            f"The orientation must be a known one: got {name!r}. "
            f"Choose one of {', '.join(Orientation)}."
        )
        raise ConfigError(msg) from error
