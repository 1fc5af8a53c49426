"""The layers around the deep structures: deep fascia, fat pad and skin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, Array, Field

SPACING_MM = 2.0
"""Spacing of the envelope's lattice: the envelope is smooth, so a coarse lattice suffices."""

# Gaps narrower than twice the radius are filled with fat and vessels, not air. The radius
# is large behind the ankle and small at the midfoot; toes stay separate (bone lengths).
_ANKLE, _TOES = 0.35, 0.82
_WEB = 0.05  # transition from the forefoot to separate toes
_BRIDGE_MM = (18.0, 7.0)

# Thickness of all layers superficial to the deep fascia under the sole, by fraction of
# bone length. Heel pad 18.8 mm (Korean radiographs, n = 670), under the first metatarsal
# head 8.5 mm (ultrasound); in between and under the toes estimated on images.
_PAD_AT = (0.0, 0.15, 0.33, 0.5, 0.68, 0.78, 0.9, 1.0)
_PAD_MM = (17.0, 16.0, 9.0, 7.5, 8.5, 6.5, 4.5, 4.0)
_SIDE_AT = (0.0, 0.6, 0.8, 1.0)
_SIDE_MM = (5.0, 3.5, 2.8, 2.5)


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Deep fascia and skin as smooth fields on the coarse lattice.

    Parameters
    ----------
    fascia
        Signed distance to the deep fascia around bones, tendons and bellies, mm; muscle
        lies where it is negative.
    skin
        Signed distance to the skin's surface, mm.
    plantar
        How far the nearest fascia faces the sole: 0 (not at all) to 1.
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
    """Make deep fascia and skin around the deep structures.

    Parameters
    ----------
    core
        Signed distance to the nearest of bones, tendons and bellies, on the coarse
        lattice; valid near their surfaces.
    long_fraction
        Position of each plane along the foot, in bone lengths.
    pad_scale, skin_scale
        Thickness of the plantar pad, and of the rest, relative to the tables above.
    """
    wide = (None, slice(None), None)
    hull = close(core < 0, _BRIDGE_MM[1])
    is_ankle = long_fraction < _ANKLE
    # a closing depends on planes within twice its radius only
    stop = np.count_nonzero(is_ankle) + int(2 * _BRIDGE_MM[0] / SPACING_MM) + 1
    hull[:, is_ankle] = close(core[:, :stop] < 0, _BRIDGE_MM[0])[:, is_ankle[:stop]]
    body = smooth(signed_distance(hull), 1.5)
    # toes are thinner than the coarse lattice resolves as a mask, but not as a distance
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
    """Apply a morphological closing with a ball, on the coarse lattice."""
    margin = int(np.ceil(radius_mm / SPACING_MM)) + 1
    # the leg continues beyond the top of the lattice, so its cut end must stay flat
    padded = np.pad(np.pad(mask, ((0, 0), (0, 0), (0, margin)), mode="edge"), margin)
    grown = ndimage.distance_transform_edt(~padded, sampling=SPACING_MM) <= radius_mm
    closed = ndimage.distance_transform_edt(grown, sampling=SPACING_MM) > radius_mm
    inner = tuple(slice(margin, margin + n) for n in mask.shape)
    return closed[inner] | mask


def signed_distance(mask: NDArray[np.bool_]) -> Array:
    """Give the signed distance (mm) to a mask on the coarse lattice, negative inside."""
    outside = ndimage.distance_transform_edt(~mask, sampling=SPACING_MM)
    inside = ndimage.distance_transform_edt(mask, sampling=SPACING_MM)
    signed: Array = outside - inside
    return signed


def smooth(field: Array, sigma_mm: float) -> Array:
    """Smooth a field on the coarse lattice with a Gaussian."""
    smoothed: Array = ndimage.gaussian_filter(field, sigma_mm / SPACING_MM, mode="nearest")
    return smoothed
