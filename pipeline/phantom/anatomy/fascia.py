"""Fibrous sheets: plantar aponeurosis (healthy or inflamed), deep fascia, heel-pad septa."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.anatomy.foot import Tissue
from pipeline.phantom.anatomy.generalised_cylinders import LONG, Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape

# Position along the foot in bone lengths. Healthy thickness is 2 to 4 mm at the heel
# (ultrasound, men 3.3, women 2.8 mm) and decreases toward the toes.
_AT = (0.10, 0.40, 0.72)
_THICKNESS_MM = (3.0, 1.8, 1.0)
_HALF_WIDTH = (0.05, 0.065, 0.09)
_SLIPS_FROM = 0.58
_SLIP_HALF_WIDTH = 0.018
_PAD_FACES = 0.3  # least `Envelope.plantar` of the pad
_CHAMBER_MM = (3.0, 3.0, 5.0)  # smoothing SD of the noise whose zeros are septa, by judgement
_NOISE_MM = 1.5
_NOISE_FROM_MM = (-105.0, -60.0, -75.0)
_NOISE_SHAPE = (160, 280, 100)
_ORIGIN = (0.10, 0.24)  # where fasciitis thickens the aponeurosis and oedema lies


def add_aponeurosis(
    tissues: NDArray[np.uint8],
    fascia: Field,
    plantar: Field,
    lattice: Lattice,
    structures: PosedStructures,
    shape: FootShape,
) -> None:
    """Add the plantar aponeurosis: one sheet, then five slips under the forefoot."""
    is_below_fascia = (fascia >= 0) & (plantar > 0.5) & (tissues == Tissue.FAT)
    lateral, long, _ = lattice.points_mm(is_below_fascia)
    position = long / shape.bone_length_mm
    is_in_range = (position > _AT[0]) & (position < _AT[-1])
    origin = np.clip((_ORIGIN[1] - position) / 0.06, 0, 1) * (position > _ORIGIN[0])
    thickness_mm = np.interp(position, _AT, _THICKNESS_MM) + shape.fascia_thickening_mm * origin
    oedema_mm = thickness_mm + shape.oedema_mm * origin
    band = _is_sheet(lateral, long, position, structures, shape) & is_in_range
    depth_mm = fascia[is_below_fascia]
    below = tissues[is_below_fascia]
    below[band & (depth_mm < oedema_mm)] = Tissue.OEDEMA
    below[band & (depth_mm < thickness_mm)] = Tissue.TENDON
    tissues[is_below_fascia] = below


def add_deep_fascia(tissues: NDArray[np.uint8], fascia: Field, shape: FootShape) -> None:
    """Add the deep fascia around all compartments, in fat only."""
    is_sheet = (fascia >= 0) & (fascia < shape.deep_fascia_mm) & (tissues == Tissue.FAT)
    tissues[is_sheet] = Tissue.TENDON


def add_pad_septa(
    tissues: NDArray[np.uint8],
    fascia: Field,
    plantar: Field,
    lattice: Lattice,
    shape: FootShape,
) -> None:
    """Divide the plantar fat into chambers by septa, where smooth noise is nearly 0.

    Notes
    -----
    Gaussian-smoothed noise of SD 1 and smoothing width s has a slope of about 1.13 / s.
    """
    if not shape.pad_septa_mm:
        return
    rng = np.random.default_rng((shape.texture_seed, 1))
    noise = ndimage.gaussian_filter(
        rng.standard_normal(_NOISE_SHAPE, dtype=np.float32),
        [s / _NOISE_MM for s in _CHAMBER_MM],
        mode="wrap",
    )
    # fixed in the undeformed foot, so that it does not depend on the resolution
    whole = Lattice(_NOISE_MM, np.array(_NOISE_FROM_MM), _NOISE_SHAPE)
    is_pad = (fascia > 0) & (plantar > _PAD_FACES) & (tissues == Tissue.FAT)
    rise = 1.13 / min(_CHAMBER_MM)
    level = noise.std() * shape.pad_septa_mm / 2 * rise
    is_sheet = np.abs(whole.refine(noise, lattice)) < level
    tissues[is_pad & is_sheet] = Tissue.TENDON


def _is_sheet(
    lateral: NDArray[np.float64],
    long: NDArray[np.float64],
    position: NDArray[np.float64],
    structures: PosedStructures,
    shape: FootShape,
) -> NDArray[np.bool_]:
    """Find the points under which the sheet or a slip lies."""
    brevis = structures.cylinders["flexor_digitorum_brevis"].centres
    centre = np.interp(long, brevis[:, LONG], brevis[:, 0])
    half = np.interp(position, _AT, _HALF_WIDTH) * shape.bone_length_mm
    slips = np.zeros(position.shape, dtype=bool)
    for ray in (1, 2, 3, 4, 5):
        bone = structures.cylinders[f"metatarsal_{ray}"].centres
        aim = np.interp(long, bone[:, LONG], bone[:, 0])
        slips |= np.abs(lateral - aim) < _SLIP_HALF_WIDTH * shape.bone_length_mm
    return np.where(position < _SLIPS_FROM, np.abs(lateral - centre) < half, slips)
