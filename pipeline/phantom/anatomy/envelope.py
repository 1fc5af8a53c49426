"""From the deep structures outward: fascia, fat pads, skin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, Array, Field

SPACING_MM = 2.0
"""Lattice of the envelope: it is smooth, so a coarse one serves every resolution."""

# Hollows narrower than twice the radius hold fat and vessels, not air: wide ones behind
# the ankle, narrower ones at the midfoot, hardly any between the toes (by bone length).
_ANKLE, _TOES = 0.35, 0.82
_WEB = 0.05  # over which the foot's body turns into toes
_BRIDGE_MM = (18.0, 7.0)

# Thickness of everything superficial to the deep fascia under the sole, by fraction of
# bone length. Heel pad 18.8 mm (Korean radiographs, n = 670), under the first metatarsal
# head 8.5 mm (ultrasound); between and under the toes by eye on images.
_PAD_AT = (0.0, 0.15, 0.33, 0.5, 0.68, 0.78, 0.9, 1.0)
_PAD_MM = (17.0, 16.0, 9.0, 7.5, 8.5, 6.5, 4.5, 4.0)
_SIDE_AT = (0.0, 0.6, 0.8, 1.0)
_SIDE_MM = (5.0, 3.5, 2.8, 2.5)


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Two smooth fields on the coarse lattice, in mm.

    Parameters
    ----------
    fascia
        Signed distance to the hull of bones, tendons and bellies: muscle lies
        where it is negative.
    skin
        Signed distance to the skin's surface.
    plantar
        0 to 1: how much the nearest hull faces the sole.
    """

    fascia: Field
    skin: Field
    plantar: Field


def make_envelope(
    core: Field,
    long_fraction: Array,
    *,
    pad_scale: float,
    skin_scale: float,
) -> Envelope:
    """Wrap the deep structures.

    Parameters
    ----------
    core
        Signed distance to the nearest of bones, tendons and bellies, on the coarse
        lattice; valid near their surfaces.
    long_fraction
        Position of each plane along the foot, in bone lengths.
    pad_scale, skin_scale
        Individual thickness of the sole's pad, and of the rest, relative to the
        table above.
    """
    wide = (None, slice(None), None)
    hull = close(core < 0, _BRIDGE_MM[1])
    is_ankle = long_fraction < _ANKLE
    # closing reaches twice its radius, so the rest of the foot need not be looked at
    reach = np.count_nonzero(is_ankle) + int(2 * _BRIDGE_MM[0] / SPACING_MM) + 1
    hull[:, is_ankle] = close(core[:, :reach] < 0, _BRIDGE_MM[0])[:, is_ankle[:reach]]
    body = smooth(signed_distance(hull), 1.5)
    # toes are too thin for the coarse lattice's voxels, but not for distances on it
    toe = np.clip((long_fraction - _TOES) / _WEB + 0.5, 0, 1)[wide]
    fascia = (1 - toe) * body + toe * core

    slopes = np.gradient(smooth(fascia, 4.0), SPACING_MM)
    steepness = np.sqrt(sum(s**2 for s in slopes)) + 1e-6
    plantar = np.clip(-slopes[DORSAL] / steepness, 0, 1) ** 2

    pad_mm = np.interp(long_fraction, _PAD_AT, _PAD_MM) * pad_scale
    side_mm = np.interp(long_fraction, _SIDE_AT, _SIDE_MM) * skin_scale
    thickness = smooth(side_mm[wide] + plantar * (pad_mm - side_mm)[wide], 4.0)
    skin = fascia - thickness
    skin = (1 - toe) * smooth(skin, 2.0) + toe * skin
    return Envelope(*(f.astype(np.float32) for f in (fascia, skin, plantar)))


def close(mask: NDArray[np.bool_], radius_mm: float) -> NDArray[np.bool_]:
    """Fill hollows narrower than twice a radius, on the coarse lattice."""
    margin = int(np.ceil(radius_mm / SPACING_MM)) + 1
    # the leg goes on beyond the lattice's top, so its cut end must not be rounded off
    padded = np.pad(np.pad(mask, ((0, 0), (0, 0), (0, margin)), mode="edge"), margin)
    grown = ndimage.distance_transform_edt(~padded, sampling=SPACING_MM) <= radius_mm
    closed = ndimage.distance_transform_edt(grown, sampling=SPACING_MM) > radius_mm
    inner = tuple(slice(margin, margin + n) for n in mask.shape)
    return closed[inner] | mask


def signed_distance(mask: NDArray[np.bool_]) -> Array:
    """Give the distance (mm) to a mask's surface on the coarse lattice, negative inside."""
    outside = ndimage.distance_transform_edt(~mask, sampling=SPACING_MM)
    inside = ndimage.distance_transform_edt(mask, sampling=SPACING_MM)
    signed: Array = outside - inside
    return signed


def smooth(field: Array, sigma_mm: float) -> Array:
    """Smooth a field of the coarse lattice."""
    smoothed: Array = ndimage.gaussian_filter(field, sigma_mm / SPACING_MM, mode="nearest")
    return smoothed
