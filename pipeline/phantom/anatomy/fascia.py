"""The plantar aponeurosis, healthy or inflamed, and the other sheets about muscle and pad."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.foot import Tissue
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Field
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape

# Along the foot, in bone lengths. Healthy thickness 2 to 4 mm at the heel (ultrasound, men
# 3.3, women 2.8 mm), thinning toward the toes.
_AT = (0.10, 0.40, 0.72)
_THICKNESS_MM = (3.0, 1.8, 1.0)
_HALF_WIDTH = (0.05, 0.065, 0.09)
_SLIPS_FROM = 0.58
_SLIP_HALF_WIDTH = 0.018
_PAD_FACES = 0.3  # how much the fascia must face the sole for fat under it to be pad
_CHAMBER_MM = (3.0, 3.0, 5.0)  # SD of the noise whose zeros part them, judgement
_NOISE_MM = 1.5
_NOISE_FROM_MM = (-105.0, -60.0, -75.0)
_NOISE_SHAPE = (160, 280, 100)
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
    below = (fascia >= 0) & (plantar > 0.5) & (tissues == Tissue.FAT)
    lateral, long, _ = lattice.points_mm(below)
    at = long / shape.bone_length_mm
    reaches = (at > _AT[0]) & (at < _AT[-1])
    origin = np.clip((_ORIGIN[1] - at) / 0.06, 0, 1) * (at > _ORIGIN[0])
    thickness_mm = np.interp(at, _AT, _THICKNESS_MM) + shape.fascia_thickening_mm * origin
    oedema_mm = thickness_mm + shape.oedema_mm * origin
    band = _is_sheet(lateral, long, at, posture, shape) & reaches
    depth_mm = fascia[below]
    here = tissues[below]
    here[band & (depth_mm < oedema_mm)] = Tissue.OEDEMA
    here[band & (depth_mm < thickness_mm)] = Tissue.TENDON
    tissues[below] = here


def lay_deep_fascia(tissues: NDArray[np.uint8], fascia: Field, shape: FootShape) -> None:
    """Draw the sheet that holds all compartments, where nothing else lies."""
    is_sheet = (fascia >= 0) & (fascia < shape.deep_fascia_mm) & (tissues == Tissue.FAT)
    tissues[is_sheet] = Tissue.TENDON


def lay_pad_septa(
    tissues: NDArray[np.uint8],
    fascia: Field,
    plantar: Field,
    lattice: Lattice,
    shape: FootShape,
) -> None:
    """Part the fat under the sole into chambers: sheets where smooth noise is nearly 0.

    Notes
    -----
    Noise of SD 1 that a Gaussian of width s has smoothed rises by about 1.13 / s.
    """
    if not shape.pad_septa_mm:
        return
    rng = np.random.default_rng((shape.texture_seed, 1))
    noise = ndimage.gaussian_filter(
        rng.standard_normal(_NOISE_SHAPE, dtype=np.float32),
        [s / _NOISE_MM for s in _CHAMBER_MM],
        mode="wrap",
    )
    # of one place in the straight foot, whatever the resolution
    whole = Lattice(_NOISE_MM, np.array(_NOISE_FROM_MM), _NOISE_SHAPE)
    is_pad = (fascia > 0) & (plantar > _PAD_FACES) & (tissues == Tissue.FAT)
    rise = 1.13 / min(_CHAMBER_MM)
    level = noise.std() * shape.pad_septa_mm / 2 * rise
    is_sheet = np.abs(whole.refine(noise, lattice)) < level
    tissues[is_pad & is_sheet] = Tissue.TENDON


def _is_sheet(
    lateral: NDArray[np.float64],
    long: NDArray[np.float64],
    at: NDArray[np.float64],
    posture: Posture,
    shape: FootShape,
) -> NDArray[np.bool_]:
    """Tell under which points the sheet or a slip lies."""
    brevis = posture.tubes["flexor_digitorum_brevis"].centres
    middle = np.interp(long, brevis[:, LONG], brevis[:, 0])
    half = np.interp(at, _AT, _HALF_WIDTH) * shape.bone_length_mm
    slips = np.zeros(at.shape, dtype=bool)
    for ray in (1, 2, 3, 4, 5):
        bone = posture.tubes[f"metatarsal_{ray}"].centres
        aim = np.interp(long, bone[:, LONG], bone[:, 0])
        slips |= np.abs(lateral - aim) < _SLIP_HALF_WIDTH * shape.bone_length_mm
    return np.where(at < _SLIPS_FROM, np.abs(lateral - middle) < half, slips)
