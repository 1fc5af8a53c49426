"""What may spoil a scan: one number each, 0 for off."""

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
"""The largest number that each artefact takes; the smallest is 0."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """How a scan is spoilt; each number is 0 for not at all.

    Parameters
    ----------
    coil_bias
        Volume coil: largest relative deviation of a smooth quadratic sensitivity from 1.
    surface_coil
        Coil on one side: sensitivity there is 1 + this; it falls by e every 25 mm.
    toe_dropoff
        Share of the signal lost at the tip of the toes, where they leave the coil.
    soft_slices
        Width of a slice profile's sloping edge, in slice thicknesses; 0 is a box.
    ringing
        Share of k-space that is not measured at either in-plane edge but filled with
        zeros: blurs, and rings beside edges (Gibbs).
    fat_shift_px
        Chemical shift: pixels by which fat is moved along frequency.
    magic_angle
        How much of the dipolar lengthening of T2 tendons show, 1 for all of it.
    ghosts
        Brightness of the first motion ghost along phase, relative to the foot.
    wrap
        Share of the image's width along phase that folds over.
    failed_suppression
        Share of the suppressed fat that comes back at the heel's and toes' ends.
    swap
        Share of the foot's length, from one end, where water and fat are swapped.
    background_mask
        What is darker than this many standard deviations of the noise is set to 0.
    tissue_spread
        Standard deviation of the logarithm of each tissue's brightness about its own.

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


NO_ARTEFACTS = Artefacts()
USUAL_ARTEFACTS = Artefacts(coil_bias=0.15)
"""What no scan is without."""


def read_artefacts(settings: list[str] | tuple[str, ...]) -> Artefacts:
    """Read ``name=number`` pairs, on top of the usual artefacts.

    Raises
    ------
    ConfigError
        If a pair is no such pair, a name is unknown or a number out of range.
    """
    told = {f.name: float(getattr(USUAL_ARTEFACTS, f.name)) for f in fields(Artefacts)}
    for setting in settings:
        name, _, number = setting.partition("=")
        if name not in told:
            known = ", ".join(told)
            msg = f"An artefact must be one of {known}: got {name!r}. Choose one of them."
            raise ConfigError(msg)
        try:
            told[name] = float(number)
        except ValueError as error:
            msg = (
                f"The artefact {name} must be given as a number: got {number!r}. "
                f"Write, for example, {name}=0.2."
            )
            raise ConfigError(msg) from error
    return Artefacts(**told)
