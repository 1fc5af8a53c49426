"""Relaxation times of the tissues and signal equations."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.foot import Tissue


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Relaxation times and proton density of a tissue at one field strength.

    Parameters
    ----------
    proton_density
        Of MR-visible water and fat, relative to pure water.
    """

    t1_ms: float
    t2_ms: float
    proton_density: float

    def spin_echo(
        self, *, repetition_time_ms: float, echo_time_ms: float, echo_train_ms: float = 0.0
    ) -> float:
        """Give the signal of a (fast) spin echo, relative to pure water.

        Parameters
        ----------
        echo_train_ms
            From excitation to the last echo of a fast spin echo, when there is no
            recovery; 0 for a single echo with TE much shorter than TR.

        Notes
        -----
        S = PD (1 - exp(-(TR - train) / T1)) exp(-TE / T2), with TE the effective echo time.
        """
        recovered = -math.expm1(-(repetition_time_ms - echo_train_ms) / self.t1_ms)
        return self.proton_density * recovered * math.exp(-echo_time_ms / self.t2_ms)

    def spoiled_gradient_echo(
        self, *, repetition_time_ms: float, echo_time_ms: float, flip_deg: float
    ) -> float:
        """Give the steady-state signal of a spoiled gradient echo, relative to pure water.

        Notes
        -----
        S = PD sin a (1 - E1) / (1 - E1 cos a) exp(-TE / T2), E1 = exp(-TR / T1). T2 replaces
        T2*, which makes little difference at the short echo times used here.
        """
        e1 = math.exp(-repetition_time_ms / self.t1_ms)
        flip = math.radians(flip_deg)
        steady = math.sin(flip) * (1 - e1) / (1 - e1 * math.cos(flip))
        return self.proton_density * steady * math.exp(-echo_time_ms / self.t2_ms)


# T1 ms, T2 ms, proton density, by field. At 1.5 and 3 T:
# - muscle, fat, fluid, cartilage: Gold et al. 2004 (AJR 183:343), quoted from memory and not
#   checked against the paper; marrow has the relaxation times of fat;
# - nerve: optic nerve of Stanisz et al. 2005 (MRM 54:507), also unchecked;
# - blood, skin, tendon, cortex, oedema and all proton densities: chosen to give the relative
#   signals listed in docs/phantom.md.
# At 7 T all values are extrapolated. Jordan et al. 2013 (Eur J Radiol 82:734) confirm only
# that T1 is longer and T2 shorter than at 3 T.
# Tendon and cortex have effective T2 values, so that they are dark at all echo times here.
_TABLE: Mapping[Tissue, tuple[tuple[float, float, float], ...]] = {
    #                 1.5 T             3 T               7 T
    Tissue.SKIN: ((800, 25, 0.70), (950, 22, 0.70), (1200, 18, 0.70)),
    Tissue.FAT: ((288, 165, 0.95), (371, 133, 0.95), (550, 70, 0.95)),
    Tissue.MUSCLE: ((1130, 35, 0.80), (1420, 32, 0.80), (1750, 25, 0.80)),
    Tissue.TENDON: ((600, 3.7, 0.70), (700, 3.0, 0.70), (850, 2.2, 0.70)),
    Tissue.CORTEX: ((250, 0.5, 0.20), (300, 0.5, 0.20), (400, 0.4, 0.20)),
    Tissue.MARROW: ((288, 165, 0.85), (371, 133, 0.85), (550, 70, 0.85)),
    Tissue.FLUID: ((2850, 1200, 1.00), (3620, 767, 1.00), (4500, 400, 1.00)),
    Tissue.BLOOD: ((1440, 250, 0.95), (1930, 275, 0.95), (2300, 100, 0.95)),
    Tissue.CARTILAGE: ((1060, 42, 0.80), (1240, 37, 0.80), (1550, 31, 0.80)),
    Tissue.NERVE: ((815, 77, 0.80), (1083, 78, 0.80), (1300, 55, 0.80)),
    Tissue.OEDEMA: ((1500, 80, 0.90), (1800, 75, 0.90), (2150, 58, 0.90)),
}
FIELDS_T = (1.5, 3.0, 7.0)
RELAXATION: Mapping[float, Mapping[Tissue, Relaxation]] = MappingProxyType(
    {
        field_t: MappingProxyType({t: Relaxation(*row[k]) for t, row in _TABLE.items()})
        for k, field_t in enumerate(FIELDS_T)
    }
)

# Fraction of a tissue's signal that comes from fat; the rest comes from water. Values by
# judgement. Intramuscular fat is in `Foot.fat_fraction`.
FAT_SIGNAL_FRACTION: Mapping[Tissue, float] = MappingProxyType(
    {Tissue.FAT: 0.97, Tissue.MARROW: 0.95}
)

MAGIC_T2_MS = 13.0
"""T2 of tendon with fibres at 54.7 degrees to the field: 18 % of fat at T1 SE 1.5 T."""


def relaxations(field_t: float) -> Mapping[Tissue, Relaxation]:
    """Give the relaxation of every tissue except air at 1.5, 3 or 7 T.

    Raises
    ------
    ValueError
        If there are no relaxation times for this field.
    """
    if field_t not in RELAXATION:
        msg = f"Relaxation times are known at {sorted(RELAXATION)} T only, got {field_t}"
        raise ValueError(msg)
    return RELAXATION[field_t]


def spin_echo_signals(
    field_t: float, *, repetition_time_ms: float, echo_time_ms: float
) -> NDArray[np.float32]:
    """Give the spin-echo signal of every tissue relative to fat, indexed by `Tissue`.

    Parameters
    ----------
    field_t
        1.5, 3.0 or 7.0.
    """
    signals = np.zeros(len(Tissue))
    for tissue, relaxation in relaxations(field_t).items():
        signals[tissue] = relaxation.spin_echo(
            repetition_time_ms=repetition_time_ms, echo_time_ms=echo_time_ms
        )
    relative: NDArray[np.float32] = (signals / signals[Tissue.FAT]).astype(np.float32)
    return relative
