"""Where a structure ends in the scan's own voxels: learnt from profiles across its border."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid

_LIMITS = (0.03, 0.97)  # of the network's probability, between which the scan itself is asked
_BELLY = 0.9  # such probabilities tell how bright muscle is nearby,
_BESIDE = (0.002, 0.1)  # and such how far from that what lies beside it is
_NEARBY_MM = 3.0  # SD of the Gaussian that weighs muscle
_HARDLY = 1e-3  # weight below which there is none nearby
_SLOPE_MM = 1.2  # SD of the Gaussian before the normal is taken
_FAR_MM = (-3.0, -2.1, -1.4, 1.4, 2.1, 3.0)  # along the normal, into muscle > 0
_CLOSE_MM = (-0.7, 0.7)
_BLUR_MM, _WIDER_MM = 0.8, 3.0
_EXTREMES_MM = 1.5
_PERCENTILES = (10, 25, 50, 75, 90)  # of how bright what lies beside muscle is
_USUAL_PIXEL_MM = 0.7
_MOST_LEVEL = 3.0
_LEAST_CHANCE = 1e-3
_LOGIT_SCALE = 3.0
_BESIDE_VOXELS = 8
SCAN_FEATURES = 3 + len(_PERCENTILES)
"""How many of the last features are alike in all voxels of a scan."""
FEATURES = 2 * (len(_FAR_MM) + 1) + len(_CLOSE_MM) + 10 + SCAN_FEATURES

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BoundaryNet:
    """A small perceptron that was shown borders of known truth (training/train_boundary.py).

    Parameters
    ----------
    session
        An onnxruntime session: ``features`` (voxels, `FEATURES`) and ``labels`` (voxels,) to
        ``share`` (voxels,).
    """

    session: Any

    def fractions(self, features: Array, labels: NDArray[np.uint8]) -> Array:
        """Give the part of each voxel that is such a structure, 0 to 1.

        Parameters
        ----------
        labels
            Of the likeliest structure of each voxel.
        """
        told = {"features": features, "labels": labels.astype(np.int64)}
        shares: Array = self.session.run(["share"], told)[0]
        return shares


def structure_probability(
    intensity: Array,
    grid: Grid,
    probability: Array,
    labels: NDArray[np.uint8],
    border: BoundaryNet,
) -> Array:
    """Give the probability of muscle, or of a bone, and at borders the part of a voxel.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    probability
        Of any muscle, or of one bone, by a network alone, 0 to 1.
    labels
        Of the likeliest muscle wherever there may be one, or of the bone.

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
    refined = np.array(probability, dtype=np.float32)
    if is_seen(probability):
        box = box_about_boundary(probability)
        is_boundary, features = boundary_features(intensity[box], grid, probability[box])
        refined[box][is_boundary] = border.fractions(features, labels[box][is_boundary])
    return refined


def boundary_features(intensity: Array, grid: Grid, probability: Array) -> tuple[Mask, Array]:
    """Tell what lies about each voxel that a network is not sure of.

    Parameters
    ----------
    grid
        Of the image that `intensity` was cut from; its spacing alone is used.

    Returns
    -------
    is_boundary, features
        Mask like the image, and float32 (voxels of the mask, `FEATURES`): brightness
        against that of muscle nearby, in units of how far other tissue differs from it, and
        the log odds of the network's probability, here and along the border's normal; both
        blurred, their extremes nearby and in the slices on either side, the slope of the
        probability. Last what is alike in all of the scan: noise, pixel size, how thick slices
        are for that, and percentiles of how bright the tissue beside muscle is, which tell
        its contrast.

    Notes
    -----
    Distances are in mm, and only axes of fine spacing count as nearby: slices are too far
    apart to say where a border runs.
    """
    spacing, is_fine = np.array(grid.spacing_mm), np.array(grid.fine_axes)
    per_mm = np.where(is_fine, 1 / spacing, 0.0)  # voxels, and nothing across slices
    is_beside = (probability > _BESIDE[0]) & (probability < _BESIDE[1])
    level, noise = _level(intensity, probability > _BELLY, is_beside, _NEARBY_MM * per_mm)
    beside = level[is_beside] if is_beside.any() else np.zeros(1)
    likely = np.clip(probability, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    odds = (np.log(likely / (1 - likely)) / _LOGIT_SCALE).astype(np.float32)
    is_boundary = (probability > _LIMITS[0]) & (probability < _LIMITS[1])
    blurred = ndimage.gaussian_filter(probability, _SLOPE_MM * per_mm)
    slope = np.array([np.gradient(blurred, axis=k)[is_boundary] for k in range(3)])
    slope *= per_mm[:, None]
    steepness = np.sqrt((slope**2).sum(axis=0)) + np.finfo(np.float32).eps
    normal = slope / steepness * per_mm[:, None]
    around = (2 * np.round(_EXTREMES_MM * per_mm).astype(int) + 1).tolist()
    slices = np.where(is_fine, 1, 3).tolist()  # with those on either side
    columns = (
        level[is_boundary],
        odds[is_boundary],
        *_profile(level, odds, np.array(np.nonzero(is_boundary)), normal),
        ndimage.gaussian_filter(level, _BLUR_MM * per_mm)[is_boundary],
        ndimage.gaussian_filter(level, _WIDER_MM * per_mm)[is_boundary],
        ndimage.gaussian_filter(odds, np.where(is_fine, 0.0, 1.0))[is_boundary],
        *(
            extreme(values, size)[is_boundary]
            for values, size in ((level, around), (level, slices), (odds, slices))
            for extreme in (ndimage.minimum_filter, ndimage.maximum_filter)
        ),
        steepness,
    )
    of_the_scan = (
        min(noise, 1.0),
        np.log(spacing[is_fine].mean() / _USUAL_PIXEL_MM),
        np.log(spacing.max() / spacing.min()),
        *np.percentile(beside, _PERCENTILES),
    )
    voxels = np.stack(columns, axis=1)
    scan = np.broadcast_to(of_the_scan, (len(voxels), len(of_the_scan)))
    return is_boundary, np.concatenate((voxels, scan), axis=1, dtype=np.float32)


def _level(
    intensity: Array, is_belly: Mask, is_beside: Mask, reach: NDArray[np.float64]
) -> tuple[Array, float]:
    """Give brightness against muscle's, in units of what lies beside it, and muscle's noise."""
    differing = intensity - _mean_nearby(intensity, is_belly, reach)
    unit = float(np.sqrt(np.mean(differing[is_beside] ** 2))) if is_beside.any() else 0.0
    unit = max(unit, float(np.finfo(np.float32).eps))
    noise = 1.4826 * float(np.median(np.abs(differing[is_belly]))) / unit
    return np.clip(differing / unit, -_MOST_LEVEL, _MOST_LEVEL).astype(np.float32), noise


def _profile(
    level: Array, odds: Array, at: NDArray[np.intp], normal: NDArray[np.float64]
) -> Iterator[Array]:
    """Give brightness and, where far, log odds along the normal, outside first."""
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


def is_seen(probability: Array) -> bool:
    """Tell whether a network is sure of a structure anywhere, so that its looks are known."""
    return bool((probability > _BELLY).any())


def box_about_boundary(probability: Array) -> tuple[slice, ...]:
    """Give the part of an image that holds all borders and what lies beside them."""
    (box,) = ndimage.find_objects((probability > _LIMITS[0]).astype(np.uint8))
    return with_room(box, probability.shape)


def with_room(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Widen a part of an image, so that it holds what lies beside, too."""
    return tuple(
        slice(max(0, side.start - _BESIDE_VOXELS), min(length, side.stop + _BESIDE_VOXELS))
        for side, length in zip(box, shape, strict=True)
    )
