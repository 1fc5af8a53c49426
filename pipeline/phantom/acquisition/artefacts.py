"""Strengths of the MR artefacts of a scan: one number each, 0 for off."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from pipeline.errors import ConfigError

LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "coil_bias": 0.9,
        "surface_coil": 4.0,
        "toe_dropoff": 1.0,
        "soft_slices": 1.0,
        "ringing": 0.6,
        "fat_shift_px": 4.0,
        "magic_angle": 1.0,
        "ghosts": 0.5,
        "wrap": 0.5,
        "failed_suppression": 1.0,
        "swap": 1.0,
        "background_mask": 10.0,
        "tissue_spread": 0.5,
    }
)
"""The largest strength of each MR artefact; the smallest is 0."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Strengths of the MR artefacts of a scan; 0 is off.

    Parameters
    ----------
    coil_bias
        Volume coil: largest relative deviation of a smooth quadratic sensitivity from 1.
    surface_coil
        Coil on one side: sensitivity at the coil is 1 + this; it decays by 1/e every 25 mm.
    toe_dropoff
        Fraction of the signal lost at the tip of the toes, outside the coil.
    soft_slices
        Width of the sloping edge of the slice profile, in slice thicknesses; 0 is a box.
    ringing
        Fraction of k-space at either in-plane edge that is zero-filled: blurring and Gibbs
        ringing.
    fat_shift_px
        Chemical shift of fat along the frequency-encoding axis, in pixels.
    magic_angle
        Fraction of the dipolar lengthening of T2 in tendons.
    ghosts
        Signal of the first motion ghost along the phase-encoding axis, relative to the foot.
    wrap
        Fraction of the image's width along the phase-encoding axis that is aliased.
    failed_suppression
        Fraction of the suppressed fat signal that remains at heel and toes.
    swap
        Fraction of the foot's length, from one end, with water and fat swapped.
    background_mask
        Threshold in noise SDs below which the image is set to 0.
    tissue_spread
        Standard deviation of the logarithm of a random factor on each tissue's signal.

    Raises
    ------
    ConfigError
        If a number lies outside its range (`LIMITS`).
    """

    coil_bias: float = 0.0
    surface_coil: float = 0.0
    toe_dropoff: float = 0.0
    soft_slices: float = 0.0
    ringing: float = 0.0
    fat_shift_px: float = 0.0
    magic_angle: float = 0.0
    ghosts: float = 0.0
    wrap: float = 0.0
    failed_suppression: float = 0.0
    swap: float = 0.0
    background_mask: float = 0.0
    tissue_spread: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, limit = getattr(self, field.name), LIMITS[field.name]
            if not 0 <= value <= limit:
                msg = (
                    f"The artefact {field.name} must lie between 0 and {limit:g}: got "
                    f"{value!r}. Give a number in that range; 0 is off."
                )
                raise ConfigError(msg)


DEFAULT_ARTEFACTS = Artefacts(coil_bias=0.15)


def read_artefacts(settings: list[str] | tuple[str, ...]) -> Artefacts:
    """Read ``name=number`` pairs as changes to the default MR artefacts.

    Raises
    ------
    ConfigError
        If a pair has another form, a name is unknown or a number is out of range.
    """
    values = {f.name: float(getattr(DEFAULT_ARTEFACTS, f.name)) for f in fields(Artefacts)}
    for setting in settings:
        name, _, number = setting.partition("=")
        if name not in values:
            known = ", ".join(values)
            msg = f"An artefact must be one of {known}: got {name!r}. Choose one of them."
            raise ConfigError(msg)
        try:
            values[name] = float(number)
        except ValueError as error:
            msg = (
                f"The artefact {name} must be given as a number: got {number!r}. "
                f"Write, for example, {name}=0.2."
            )
            raise ConfigError(msg) from error
    return Artefacts(**values)
