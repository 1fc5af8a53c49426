"""How bright each tissue is: relaxation times and the spin-echo equation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.foot import Tissue


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What decides a tissue's brightness at one field strength.

    Parameters
    ----------
    proton_density
        Water and mobile fat that gives signal, relative to pure water.
    """

    t1_ms: float
    t2_ms: float
    proton_density: float

    def spin_echo(self, *, repetition_time_ms: float, echo_time_ms: float) -> float:
        """Give the signal of a 90-180 degree spin echo, relative to pure water.

        Notes
        -----
        S = PD (1 - exp(-TR / T1)) exp(-TE / T2), for TE much shorter than TR.
        """
        recovered = -math.expm1(-repetition_time_ms / self.t1_ms)
        return self.proton_density * recovered * math.exp(-echo_time_ms / self.t2_ms)


# Muscle, fat and fluid: Gold et al. 2004 (AJR 183:343), quoted from memory and not
# checked against the paper. Marrow relaxes as fat, with its proton density 0.85. Blood,
# skin, tendon and cortex: chosen to give the relative signals that docs/phantom.md lists.
# Tendon and cortex carry effective T2, so that they are dark at every echo time here.
RELAXATION: Mapping[float, Mapping[Tissue, Relaxation]] = MappingProxyType(
    {
        1.5: MappingProxyType(
            {
                Tissue.SKIN: Relaxation(800, 25, 0.70),
                Tissue.FAT: Relaxation(288, 165, 0.95),
                Tissue.MUSCLE: Relaxation(1130, 35, 0.80),
                Tissue.TENDON: Relaxation(600, 3.7, 0.70),
                Tissue.CORTEX: Relaxation(250, 0.5, 0.20),
                Tissue.MARROW: Relaxation(288, 165, 0.85),
                Tissue.FLUID: Relaxation(2850, 1200, 1.00),
                Tissue.BLOOD: Relaxation(1440, 250, 0.95),
            }
        ),
        3.0: MappingProxyType(
            {
                Tissue.SKIN: Relaxation(950, 22, 0.70),
                Tissue.FAT: Relaxation(371, 133, 0.95),
                Tissue.MUSCLE: Relaxation(1420, 32, 0.80),
                Tissue.TENDON: Relaxation(700, 3.0, 0.70),
                Tissue.CORTEX: Relaxation(300, 0.5, 0.20),
                Tissue.MARROW: Relaxation(371, 133, 0.85),
                Tissue.FLUID: Relaxation(3620, 767, 1.00),
                Tissue.BLOOD: Relaxation(1930, 275, 0.95),
            }
        ),
    }
)


def spin_echo_signals(
    field_t: float, *, repetition_time_ms: float, echo_time_ms: float
) -> NDArray[np.float32]:
    """Give the brightness of every tissue, indexed by `Tissue`; fat is 1, air 0.

    Parameters
    ----------
    field_t
        1.5 or 3.0.

    Raises
    ------
    ValueError
        If no relaxation times are known at this field.
    """
    if field_t not in RELAXATION:
        msg = f"Relaxation times are known at {sorted(RELAXATION)} T only, got {field_t}"
        raise ValueError(msg)
    signals = np.zeros(len(Tissue))
    for tissue, relaxation in RELAXATION[field_t].items():
        signals[tissue] = relaxation.spin_echo(
            repetition_time_ms=repetition_time_ms, echo_time_ms=echo_time_ms
        )
    relative: NDArray[np.float32] = (signals / signals[Tissue.FAT]).astype(np.float32)
    return relative
