"""The plantar aponeurosis, healthy or inflamed."""

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.foot import Tissue
from pipeline.phantom.lattice import Lattice
from pipeline.phantom.posture import Posture
from pipeline.phantom.shape import FootShape
from pipeline.phantom.tubes import LONG, Field

# Along the foot, in bone lengths. Healthy thickness 2 to 4 mm at the heel (ultrasound, men
# 3.3, women 2.8 mm), thinning toward the toes.
_AT = (0.10, 0.40, 0.72)
_THICKNESS_MM = (3.0, 1.8, 1.0)
_HALF_WIDTH = (0.05, 0.065, 0.09)
_SLIPS_FROM = 0.58
_SLIP_HALF_WIDTH = 0.018
_ORIGIN = (0.10, 0.24)  # where fasciitis thickens it and oedema lies


def lay_aponeurosis(
    tissues: NDArray[np.uint8],
    fascia: Field,
    plantar: Field,
    lattice: Lattice,
    posture: Posture,
    shape: FootShape,
) -> None:
    """Put the sheet under the first layer, parted into five slips under the forefoot."""
    lateral, long, _ = lattice.planes_mm()
    at = long / shape.bone_length_mm
    reaches = (at > _AT[0]) & (at < _AT[-1])
    origin = np.clip((_ORIGIN[1] - at) / 0.06, 0, 1) * (at > _ORIGIN[0])
    thickness = np.interp(at, _AT, _THICKNESS_MM) + shape.fascia_thickening_mm * origin
    band = _is_sheet(lateral, long, at, posture, shape) & reaches
    below = (fascia >= 0) & (plantar > 0.5) & (tissues == Tissue.FAT) & band[:, :, None]
    deep_mm = thickness[None, :, None]
    tissues[below & (fascia < deep_mm)] = Tissue.TENDON
    oedema_mm = deep_mm + (shape.oedema_mm * origin)[None, :, None]
    tissues[below & (fascia >= deep_mm) & (fascia < oedema_mm)] = Tissue.OEDEMA


def _is_sheet(
    lateral: NDArray[np.float64],
    long: NDArray[np.float64],
    at: NDArray[np.float64],
    posture: Posture,
    shape: FootShape,
) -> NDArray[np.bool_]:
    """Tell under which columns, lateral by long, the sheet or a slip lies."""
    brevis = posture.tubes["flexor_digitorum_brevis"].centres
    middle = np.interp(long, brevis[:, LONG], brevis[:, 0])
    half = np.interp(at, _AT, _HALF_WIDTH) * shape.bone_length_mm
    sheet = np.abs(lateral[:, None] - middle) < half
    slips = np.zeros_like(sheet)
    for ray in (1, 2, 3, 4, 5):
        bone = posture.tubes[f"metatarsal_{ray}"].centres
        aim = np.interp(long, bone[:, LONG], bone[:, 0])
        slips |= np.abs(lateral[:, None] - aim) < _SLIP_HALF_WIDTH * shape.bone_length_mm
    return np.where(at < _SLIPS_FROM, sheet, slips)
