"""The atlas: one digital foot of mean proportions, seen in the contrast of the scan."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast
from pipeline.phantom.acquisition.relaxation import spin_echo_signals
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.shape import FootShape

SPACING_MM = 1.0


def _dixon(fatty: float, lean: float) -> NDArray[np.float32]:
    signals = np.full(len(Tissue), lean, dtype=np.float32)
    signals[[Tissue.FAT, Tissue.MARROW]] = fatty
    signals[[Tissue.AIR, Tissue.TENDON, Tissue.CORTEX]] = 0.05
    return signals


# Spin echo at 1.5 T, typical times (science: T1 500/15, PD 3000/30, T2 4000/80 ms). A water
# image shows everything wet, skin as bright as muscle; a fat image shows fat and marrow.
_SIGNALS: Mapping[Contrast, NDArray[np.float32]] = MappingProxyType(
    {
        Contrast.T1W: spin_echo_signals(1.5, repetition_time_ms=500, echo_time_ms=15),
        Contrast.PDW: spin_echo_signals(1.5, repetition_time_ms=3000, echo_time_ms=30),
        Contrast.T2W: spin_echo_signals(1.5, repetition_time_ms=4000, echo_time_ms=80),
        Contrast.WATER: _dixon(fatty=0.1, lean=0.9),
        Contrast.FAT: _dixon(fatty=1.0, lean=0.1),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A right foot and how it would look.

    Parameters
    ----------
    intensity
        On the foot's grid, 1 mm; fat is 1 where fat is bright.
    """

    foot: Foot
    intensity: NDArray[np.float32]

    @property
    def grid(self) -> Grid:
        """Where the voxels sit, origin under the heel."""
        return self.foot.grid


@cache
def make_template(contrast: Contrast) -> Template:
    """Build the atlas foot; takes about a second, once per process and contrast."""
    foot = _mean_foot()
    intensity = _SIGNALS[contrast][foot.tissues]
    intensity.flags.writeable = False
    return Template(foot, intensity)


@cache
def _mean_foot() -> Foot:
    return make_foot(FootShape(), SPACING_MM)
