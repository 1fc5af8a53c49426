"""Random protocols and MR artefacts for training (domain randomisation).

The ranges are deliberately wider than in practice, so that a network trained on such
images generalises to scans that differ from all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from pipeline.domain.scan import Contrast
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, Protocol, Technique

Range = tuple[float, float]
Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class _Family:
    """A family of protocols, given by the ranges of its parameters."""

    weight: float
    contrasts: tuple[Contrast, ...]
    techniques: tuple[Technique, ...]
    repetition_ms: Range
    echo_ms: Range
    flip_deg: Range = (90.0, 90.0)
    fat_left: Range = (1.0, 1.0)
    is_dixon: bool = False


_SPIN = (Technique.SPIN_ECHO, Technique.FAST_SPIN_ECHO)
_FAST = (Technique.FAST_SPIN_ECHO,)
_GRADIENT = (Technique.GRADIENT_ECHO,)
_FAMILIES: Mapping[str, _Family] = MappingProxyType(
    {
        "t1": _Family(0.28, (Contrast.T1W,), _SPIN, (350, 900), (8, 25)),
        "pd": _Family(0.1, (Contrast.PDW,), _FAST, (1800, 5000), (10, 45)),
        "t2": _Family(0.08, (Contrast.T2W,), _FAST, (2500, 6000), (60, 110)),
        # frequent, as it is the hardest: muscle, fat and fibrous tissue are nearly as dark
        "t2_fs": _Family(
            0.24, (Contrast.T2W,), _FAST, (2500, 6000), (45, 95), fat_left=(0.0, 0.2)
        ),
        "t1_gre": _Family(0.12, (Contrast.T1W,), _GRADIENT, (6, 20), (1.2, 5), (10, 35)),
        "dixon": _Family(
            0.18,
            (Contrast.WATER, Contrast.WATER, Contrast.FAT),
            _GRADIENT,
            (5, 12),
            (1.1, 4.0),
            (4, 15),
            is_dixon=True,
        ),
    }
)
_FIELDS: Mapping[float, float] = MappingProxyType({1.5: 0.4, 3.0: 0.45, 7.0: 0.15})
_ORIENTATIONS: Mapping[Orientation, float] = MappingProxyType(
    {Orientation.SHORT_AXIS: 0.7, Orientation.AXIAL: 0.15, Orientation.SAGITTAL: 0.15}
)
_PIXEL_MM = (0.3, 1.5)
_THICKNESS_MM = (1.5, 6.0)
_LARGEST_GAP = 0.25  # of the thickness
_SNR = (8.0, 70.0)
_LARGEST_OBLIQUE_DEG = 30.0
_LARGEST_CUT_MM = 70.0

# Probability of each MR artefact, and its largest strength.
_ARTEFACTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "coil_bias": (0.8, 0.4),
        "surface_coil": (0.25, 2.0),
        "toe_dropoff": (0.2, 0.9),
        "soft_slices": (0.7, 0.6),
        "ringing": (0.6, 0.4),
        "fat_shift_px": (0.6, 2.0),
        "magic_angle": (0.7, 1.0),
        "ghosts": (0.3, 0.15),
        "wrap": (0.1, 0.25),
        "failed_suppression": (0.6, 1.0),
        "swap": (0.08, 0.5),
        "background_mask": (0.25, 3.0),
        "tissue_spread": (0.5, 0.2),
    }
)


def draw_acquisition(
    rng: np.random.Generator, *, finest_mm: float = 0.0
) -> tuple[Protocol, Artefacts]:
    """Draw a protocol and MR artefacts at random.

    Parameters
    ----------
    finest_mm
        Lower limit of pixel size and slice thickness; large values give small, fast images.
    """
    family = _one_of({name: f.weight for name, f in _FAMILIES.items()}, rng)
    protocol = _draw_protocol(_FAMILIES[family], f"random_{family}", finest_mm, rng)
    artefacts = {
        name: float(rng.uniform(0, strongest)) if rng.random() < often else 0.0
        for name, (often, strongest) in _ARTEFACTS.items()
    }
    return protocol, Artefacts(**artefacts)


def _draw_protocol(
    family: _Family, name: str, finest_mm: float, rng: np.random.Generator
) -> Protocol:
    technique = family.techniques[rng.integers(len(family.techniques))]
    pixel_mm = max(finest_mm, _log_uniform(_PIXEL_MM, rng))
    thickness_mm = max(finest_mm, pixel_mm, _log_uniform(_THICKNESS_MM, rng))
    gap = rng.uniform(0, _LARGEST_GAP) if rng.random() < 0.5 else 0.0
    if technique is Technique.GRADIENT_ECHO:  # 3D: thin slices, no gap
        thickness_mm, gap = max(pixel_mm, thickness_mm / 2), 0.0
    echo_ms = float(rng.uniform(*family.echo_ms))
    is_fast = technique is Technique.FAST_SPIN_ECHO
    cuts = [float(rng.uniform(0, _LARGEST_CUT_MM)) * (rng.random() < 0.2) for _ in range(2)]
    return Protocol(
        name,
        family.contrasts[rng.integers(len(family.contrasts))],
        _one_of(_FIELDS, rng),
        float(rng.uniform(*family.repetition_ms)),
        echo_ms,
        pixel_mm,
        thickness_mm,
        thickness_mm * (1 + gap),
        muscle_snr=_log_uniform(_SNR, rng),
        technique=technique,
        flip_deg=float(rng.uniform(*family.flip_deg)),
        echo_train_ms=2 * echo_ms if is_fast else 0.0,
        fat_left=float(rng.uniform(*family.fat_left)),
        is_dixon=family.is_dixon,
        orientation=_one_of(_ORIENTATIONS, rng),
        oblique_deg=float(rng.uniform(-1, 1)) * _LARGEST_OBLIQUE_DEG * (rng.random() < 0.5),
        phase_axis=int(rng.integers(2)),
        cut_heel_mm=cuts[0],
        cut_toes_mm=cuts[1],
    )


def _one_of(weights: Mapping[Choice, float], rng: np.random.Generator) -> Choice:
    choices = list(weights)
    return choices[int(rng.choice(len(choices), p=list(weights.values())))]


def _log_uniform(limits: Range, rng: np.random.Generator) -> float:
    low, high = np.log(limits)
    return float(np.exp(rng.uniform(low, high)))
