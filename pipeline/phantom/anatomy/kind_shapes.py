"""Random shapes of each kind of foot."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.shape import (
    MEAN_BONE_LENGTH_MM,
    MEAN_VOLUMES_CM3,
    FootShape,
    draw_shape,
)
from pipeline.phantom.anatomy.skeleton import draw_skeleton

_LENGTH_POWER = 1.25  # as in the population
_OWN_SD = 0.15  # of the logarithm of each muscle's fraction of the total
_POSED = 0.8  # fraction of feet whose skeleton is posed and varied
_PAD = (0.35, 1.45)  # heel pads of 6 to 25 mm
_FASCIA_MM = (0.2, 0.8)
_PAD_SEPTA_MM = (0.2, 0.9)


@dataclass(frozen=True, slots=True)
class _Build:
    """Ranges of a kind's muscle volumes and septa.

    Parameters
    ----------
    total_cm3
        Plantar total of a foot of mean length.
    septum_mm
        Gap between neighbouring muscles.
    relative
        Volume of a muscle relative to its fraction in the mean foot, by label; 1 if absent.
    """

    total_cm3: tuple[float, float]
    septum_mm: tuple[float, float]
    relative: Mapping[int, float] = field(default_factory=dict)


# Filled: near the fractions that equal offsets give; no source gives single muscles there.
_BUILDS: Mapping[FootKind, _Build] = MappingProxyType(
    {
        FootKind.FILLED: _Build(
            (105.0, 215.0),
            (0.1, 0.6),
            MappingProxyType({2: 1.2, 4: 0.95, 5: 1.8, 6: 1.15, 7: 0.85, 8: 1.2, 10: 0.7}),
        ),
        FootKind.SPARSE: _Build((45.0, 85.0), (1.2, 3.0), MappingProxyType({10: 0.72})),
        FootKind.CONTOURED: _Build((60.0, 150.0), (0.2, 1.2), MappingProxyType({5: 1.3})),
    }
)


def draw_kind_shape(
    rng: np.random.Generator, kind: FootKind, side: Side = Side.RIGHT
) -> FootShape:
    """Draw one healthy foot of a kind at random; tapered feet are those of `draw_shape`."""
    shape = as_kind(draw_shape(rng, side), kind, rng)
    if kind is FootKind.TAPERED or rng.random() > _POSED:
        return shape
    return replace(shape, skeleton=draw_skeleton(rng))


def as_kind(shape: FootShape, kind: FootKind, rng: np.random.Generator) -> FootShape:
    """Keep a foot's proportions and draw what depends on its kind.

    Notes
    -----
    Plantar totals range from 45 cm3 to the more than 200 cm3 of a muscular man. The ranges
    are judgement, chosen so that measurements of single feet lie well inside.
    """
    if kind is FootKind.TAPERED:
        return shape
    build = _BUILDS[kind]
    body = (shape.bone_length_mm / MEAN_BONE_LENGTH_MM) ** _LENGTH_POWER
    total_cm3 = rng.uniform(*build.total_cm3) * body
    parts = {
        label: mean * build.relative.get(label, 1.0) * float(np.exp(rng.normal(0, _OWN_SD)))
        for label, mean in MEAN_VOLUMES_CM3.items()
    }
    factor = float(total_cm3) / sum(parts[label] for label in PLANTAR_LABELS)
    volumes = {
        # dorsal muscles follow by the square root
        label: part * (factor if label in PLANTAR_LABELS else float(np.sqrt(factor)))
        for label, part in parts.items()
    }
    return replace(
        shape,
        kind=kind,
        muscle_volumes_cm3=MappingProxyType(volumes),
        septum_mm=float(rng.uniform(*build.septum_mm)),
        pad_scale=float(rng.uniform(*_PAD)),
        deep_fascia_mm=float(rng.uniform(*_FASCIA_MM)),
        pad_septa_mm=float(rng.uniform(*_PAD_SEPTA_MM)),
    )
