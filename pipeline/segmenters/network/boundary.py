"""The boundary of a structure in the scan's own voxels, learnt from profiles across it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid

UNCERTAIN = (0.03, 0.97)
"""Probabilities between which the scan's intensity decides about a bone."""

POSSIBLE = (0.01, np.inf)
"""The same about muscle, as fat may be called muscle with confidence."""

_CORE = 0.9  # such voxels give the structure's own intensity nearby,
_BESIDE = (0.002, 0.1)  # and such the difference of the tissue beside it
_NEARBY_MM = 3.0  # SD of the Gaussian over which intensity is averaged
_MIN_WEIGHT = 1e-3  # of that Gaussian; below it no core is nearby
_SLOPE_MM = 1.2  # SD of the Gaussian before the normal is taken
_FAR_MM = (-3.0, -2.1, -1.4, 1.4, 2.1, 3.0)  # along the normal, positive into the structure
_CLOSE_MM = (-0.7, 0.7)
_BLUR_MM, _WIDER_MM = 0.8, 3.0
_AROUND_MM = (2.0, 5.0)  # SD of the Gaussians over which probability is averaged
_TEXTURE_MM = 1.5  # SD of the Gaussian over which the level varies
_EXTREMES_MM = 1.5
_PERCENTILES = (10, 25, 50, 75, 90)  # of the level of the tissue beside the structure
_USUAL_PIXEL_MM = 0.7
_MAX_LEVEL = 3.0
_MIN_PROBABILITY = 1e-3
_LOGIT_SCALE = 3.0
_MARGIN_VOXELS = 8
SCAN_FEATURES = 3 + len(_PERCENTILES)
"""How many features, the last ones, are the same for all voxels of a scan."""
FEATURES = 2 * (len(_FAR_MM) + 1) + len(_CLOSE_MM) + 15 + SCAN_FEATURES

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class BoundaryNet:
    """A small perceptron trained on boundaries of digital feet (training/train_boundary.py).

    Parameters
    ----------
    session
        An onnxruntime session: ``features`` (voxels, `FEATURES`) and ``labels`` (voxels,) to
        ``share`` (voxels,).
    """

    session: Any

    def fractions(self, features: Array, labels: NDArray[np.uint8]) -> Array:
        """Give the partial-volume fraction of the structure in each voxel, 0 to 1.

        Parameters
        ----------
        labels
            The most probable structure of each voxel.
        """
        inputs = {"features": features, "labels": labels.astype(np.int64)}
        fractions: Array = self.session.run(["share"], inputs)[0]
        return fractions


def structure_probability(
    intensity: Array,
    grid: Grid,
    probability: Array,
    labels: NDArray[np.uint8],
    net: BoundaryNet,
    within: Range = UNCERTAIN,
) -> Array:
    """Refine the probability of muscle, or of a bone, by the scan's own intensity.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    probability
        Of any muscle, or of one bone, as predicted, 0 to 1.
    labels
        The most probable muscle wherever there may be one, or the bone.
    within
        Probabilities between which the intensity decides.

    Returns
    -------
    ndarray
        Float32, 0 to 1: between these probabilities the partial-volume fraction of the
        structure, elsewhere the probability. The boundary lies where it is a half.

    Notes
    -----
    A voxel of fat and tendon may be as bright as muscle, so its intensity alone does not
    decide, nor does a network whose input has a spacing of 1 mm. The profile across the
    boundary does, as in an active shape model (Cootes and Taylor 1995, Comput Vis Image
    Underst 61:38).
    """
    refined = np.array(probability, dtype=np.float32)
    if has_core(probability):
        box = box_about_boundary(probability)
        is_boundary, features = boundary_features(
            intensity[box], grid, probability[box], within
        )
        refined[box][is_boundary] = net.fractions(features, labels[box][is_boundary])
    return refined


def boundary_features(
    intensity: Array, grid: Grid, probability: Array, within: Range = UNCERTAIN
) -> tuple[Mask, Array]:
    """Describe the surroundings of each voxel whose probability lies in a range.

    Parameters
    ----------
    grid
        Of the image that `intensity` was cropped from; only its spacing is used.
    within
        Probabilities of the voxels to describe, both excluded.

    Returns
    -------
    is_boundary, features
        Mask like the image, and float32 (voxels of the mask, `FEATURES`). The level is the
        intensity minus that of the structure's core nearby, in units of the difference of the
        tissue beside it. For each voxel: level and logit of the probability, here and along
        the normal of the boundary; both blurred; their extremes nearby and in the adjacent
        slices; the slope of the probability; the SD of the level and the mean probability
        nearby; the core's own level there, relative to all core of the scan, and the level
        relative to that. Last, the same for all voxels of the scan: noise, pixel size, slice
        spacing relative to it, and percentiles of the level of the tissue beside the
        structure, which depend on the contrast.

    Notes
    -----
    Distances are in mm. Only axes of fine spacing are used for what is nearby: slices are too
    far apart to place a boundary.
    """
    spacing, is_fine = np.array(grid.spacing_mm), np.array(grid.fine_axes)
    per_mm = np.where(is_fine, 1 / spacing, 0.0)  # voxels, and 0 across slices
    is_beside = (probability > _BESIDE[0]) & (probability < _BESIDE[1])
    level, drift, noise = _level(intensity, probability > _CORE, is_beside, _NEARBY_MM * per_mm)
    beside = level[is_beside] if is_beside.any() else np.zeros(1)
    clipped = np.clip(probability, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    logit = (np.log(clipped / (1 - clipped)) / _LOGIT_SCALE).astype(np.float32)
    is_boundary = (probability > within[0]) & (probability < within[1])
    blurred = ndimage.gaussian_filter(probability, _SLOPE_MM * per_mm)
    slope = np.array([np.gradient(blurred, axis=k)[is_boundary] for k in range(3)])
    slope *= per_mm[:, None]
    steepness = np.sqrt((slope**2).sum(axis=0)) + np.finfo(np.float32).eps
    normal = slope / steepness * per_mm[:, None]
    nearby = (2 * np.round(_EXTREMES_MM * per_mm).astype(int) + 1).tolist()
    slices = np.where(is_fine, 1, 3).tolist()  # with the adjacent ones

    def mean(values: Array, reach_mm: float) -> Array:
        averaged: Array = ndimage.gaussian_filter(values, reach_mm * per_mm)[is_boundary]
        return averaged

    variance = mean(level**2, _TEXTURE_MM) - mean(level, _TEXTURE_MM) ** 2
    columns = (
        level[is_boundary],
        logit[is_boundary],
        *_profile(level, logit, np.array(np.nonzero(is_boundary)), normal),
        mean(level, _BLUR_MM),
        mean(level, _WIDER_MM),
        ndimage.gaussian_filter(logit, np.where(is_fine, 0.0, 1.0))[is_boundary],
        *(
            extreme(values, size)[is_boundary]
            for values, size in ((level, nearby), (level, slices), (logit, slices))
            for extreme in (ndimage.minimum_filter, ndimage.maximum_filter)
        ),
        steepness,
        np.sqrt(np.maximum(variance, 0)),
        *(mean(probability, reach_mm) for reach_mm in _AROUND_MM),
        drift[is_boundary],
        np.clip(level + drift, -_MAX_LEVEL, _MAX_LEVEL)[is_boundary],
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
    intensity: Array, is_core: Mask, is_beside: Mask, reach: NDArray[np.float64]
) -> tuple[Array, Array, float]:
    """Give the level of each voxel, that of the core nearby, and the noise of the core."""
    usual = np.float32(np.median(intensity[is_core]))
    core = _mean_nearby(intensity, is_core, reach, usual)
    difference = intensity - core
    unit = float(np.sqrt(np.mean(difference[is_beside] ** 2))) if is_beside.any() else 0.0
    unit = max(unit, float(np.finfo(np.float32).eps))
    noise = 1.4826 * float(np.median(np.abs(difference[is_core]))) / unit
    level, drift = (
        np.clip(values / unit, -_MAX_LEVEL, _MAX_LEVEL).astype(np.float32)
        for values in (difference, core - usual)
    )
    return level, drift, noise


def _profile(
    level: Array, logit: Array, at: NDArray[np.intp], normal: NDArray[np.float64]
) -> Iterator[Array]:
    """Give the level and, at the far points, the logit along the normal, outermost first."""
    for distance_mm in sorted(_FAR_MM + _CLOSE_MM):
        there = at + normal * distance_mm
        yield ndimage.map_coordinates(level, there, order=1, mode="nearest")
        if distance_mm in _FAR_MM:
            yield ndimage.map_coordinates(logit, there, order=1, mode="nearest")


def _mean_nearby(
    values: Array, where: Mask, reach: NDArray[np.float64], usual: np.float32
) -> Array:
    """Give the mean of the chosen values nearby; where there are none, the usual one."""
    chosen = where.astype(np.float32)
    weight = ndimage.gaussian_filter(chosen, reach)
    total = ndimage.gaussian_filter(values * chosen, reach)
    mean: Array = np.where(weight > _MIN_WEIGHT, total / np.maximum(weight, _MIN_WEIGHT), usual)
    return mean


def has_core(probability: Array) -> bool:
    """Whether any voxel is certain enough to measure the structure's own intensity."""
    return bool((probability > _CORE).any())


def box_about_boundary(probability: Array) -> tuple[slice, ...]:
    """Give the box that holds the whole boundary and the tissue beside it."""
    (box,) = ndimage.find_objects((probability > POSSIBLE[0]).astype(np.uint8))
    return widened(box, probability.shape)


def widened(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Widen a box of an image by the margin that `boundary_features` needs."""
    return tuple(
        slice(max(0, side.start - _MARGIN_VOXELS), min(length, side.stop + _MARGIN_VOXELS))
        for side, length in zip(box, shape, strict=True)
    )
