"""Where a muscle ends in the scan's own voxels: learnt from profiles across its border."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid

_LIMITS = (0.03, 0.97)  # of the network's chance, between which the scan itself is asked
_BELLY = 0.9  # such chances tell how bright muscle is nearby,
_BESIDE = (0.002, 0.1)  # and such how far from that what lies beside it is
_NEARBY_MM = 3.0  # SD of the Gaussian that weighs muscle
_HARDLY = 1e-3  # weight below which there is none nearby
_SLOPE_MM = 1.2  # SD of the Gaussian before the normal is taken
_FAR_MM = (-3.0, -2.1, -1.4, 1.4, 2.1, 3.0)  # along the normal, into muscle > 0
_CLOSE_MM = (-0.7, 0.7)
_BLUR_MM = 0.8
_EXTREMES_MM = 1.5
_USUAL_PIXEL_MM = 0.7
_MOST_LEVEL = 3.0
_LEAST_CHANCE = 1e-3
_LOGIT_SCALE = 3.0
_BESIDE_VOXELS = 8
FEATURES = 2 * (len(_FAR_MM) + 1) + len(_CLOSE_MM) + 7

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BorderNet:
    """A small perceptron that was shown borders whose truth is known (training/borders.py).

    Parameters
    ----------
    session
        An onnxruntime session: ``features`` (voxels, `FEATURES`) to ``share`` (voxels,).
    """

    session: Any

    def shares(self, features: Array) -> Array:
        """Give the part of each voxel that is muscle, 0 to 1."""
        shares: Array = self.session.run(["share"], {"features": features})[0]
        return shares


def muscle_probability(
    intensity: Array, grid: Grid, chance: Array, bones: NDArray[np.uint8], border: BorderNet
) -> Array:
    """Give the probability that a voxel is muscle, and at borders the part of it that is.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    chance
        Of any muscle, by a network alone, 0 to 1.
    bones
        Labels; muscle never enters a bone.

    Returns
    -------
    ndarray
        Float32, 0 to 1; the border runs where it is a half.

    Notes
    -----
    A voxel of fat and tendon may be as bright as muscle is: brightness alone cannot tell, nor
    can a network that saw the scan at 1 mm. What tells is the profile across the border, as
    an active shape model reads it (Cootes and Taylor 1995, Comput Vis Image Underst 61:38).
    """
    probability = np.array(chance, dtype=np.float32)
    if (chance > _BELLY).any():
        box = _box_about(chance > _LIMITS[0])
        is_border, features = border_features(intensity[box], grid, chance[box])
        probability[box][is_border] = border.shares(features)
    probability[bones > 0] = 0
    return probability


def border_features(intensity: Array, grid: Grid, chance: Array) -> tuple[Mask, Array]:
    """Tell what lies about each voxel that a network is not sure of.

    Parameters
    ----------
    grid
        Of the image that `intensity` was cut from; its spacing alone is used.

    Returns
    -------
    is_border, features
        Mask like the image, and float32 (voxels of the mask, `FEATURES`): brightness
        against that of muscle nearby, in units of how far other tissue differs from it, and
        the log odds of the network's chance, here and along the border's normal; both
        blurred, the extremes of the one, the slope of the other; noise and pixel size.

    Notes
    -----
    Distances are in mm, and only axes of fine spacing count as nearby: slices are too far
    apart to say where a border runs.
    """
    spacing, is_fine = np.array(grid.spacing_mm), np.array(grid.fine_axes)
    per_mm = np.where(is_fine, 1 / spacing, 0.0)  # voxels, and nothing across slices
    level, noise = _level(intensity, chance, _NEARBY_MM * per_mm)
    likely = np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    odds = (np.log(likely / (1 - likely)) / _LOGIT_SCALE).astype(np.float32)
    is_border = (chance > _LIMITS[0]) & (chance < _LIMITS[1])
    blurred = ndimage.gaussian_filter(chance, _SLOPE_MM * per_mm)
    slope = np.array([np.gradient(blurred, axis=k)[is_border] for k in range(3)])
    slope *= per_mm[:, None]
    steepness = np.sqrt((slope**2).sum(axis=0)) + np.finfo(np.float32).eps
    normal = slope / steepness * per_mm[:, None]
    around = (2 * np.round(_EXTREMES_MM * per_mm).astype(int) + 1).tolist()
    alike = np.ones(len(steepness), dtype=np.float32)
    columns = (
        level[is_border],
        odds[is_border],
        alike * min(noise, 1.0),
        alike * np.log(spacing[is_fine].mean() / _USUAL_PIXEL_MM),
        *_profile(level, odds, np.array(np.nonzero(is_border)), normal),
        ndimage.gaussian_filter(level, _BLUR_MM * per_mm)[is_border],
        ndimage.minimum_filter(level, around)[is_border],
        ndimage.maximum_filter(level, around)[is_border],
        ndimage.gaussian_filter(odds, np.where(is_fine, 0.0, 1.0))[is_border],
        steepness,
    )
    return is_border, np.stack(columns, axis=1).astype(np.float32)


def _level(intensity: Array, chance: Array, reach: NDArray[np.float64]) -> tuple[Array, float]:
    """Give brightness against muscle's, in units of what lies beside it, and muscle's noise."""
    is_belly = chance > _BELLY
    differing = intensity - _mean_nearby(intensity, is_belly, reach)
    is_beside = (chance > _BESIDE[0]) & (chance < _BESIDE[1])
    unit = float(np.sqrt(np.mean(differing[is_beside] ** 2))) if is_beside.any() else 0.0
    unit = max(unit, float(np.finfo(np.float32).eps))
    noise = 1.4826 * float(np.median(np.abs(differing[is_belly]))) / unit
    return np.clip(differing / unit, -_MOST_LEVEL, _MOST_LEVEL).astype(np.float32), noise


def _profile(
    level: Array, odds: Array, at: NDArray[np.intp], normal: NDArray[np.float64]
) -> Iterator[Array]:
    """Give brightness and, but for what is close, chance along the normal, outside first."""
    for distance_mm in sorted(_FAR_MM + _CLOSE_MM):
        there = at + normal * distance_mm
        yield ndimage.map_coordinates(level, there, order=1, mode="nearest")
        if distance_mm in _FAR_MM:
            yield ndimage.map_coordinates(odds, there, order=1, mode="nearest")


def _mean_nearby(values: Array, where: Mask, reach: NDArray[np.float64]) -> Array:
    """Give the mean of the chosen values nearby; where there are none, the median of all."""
    chosen = where.astype(np.float32)
    weight = ndimage.gaussian_filter(chosen, reach)
    total = ndimage.gaussian_filter(values * chosen, reach)
    usual = np.float32(np.median(values[where]))
    mean: Array = np.where(weight > _HARDLY, total / np.maximum(weight, _HARDLY), usual)
    return mean


def _box_about(mask: Mask) -> tuple[slice, ...]:
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    return tuple(
        slice(max(0, side.start - _BESIDE_VOXELS), side.stop + _BESIDE_VOXELS) for side in box
    )
