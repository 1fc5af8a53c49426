"""Where muscle really is: a segmenter says about where, the scan's brightness says exactly."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.isotropic_image import Volume

_BLUR_MM = 1.5  # how far carried-over borders may be off
_LEAST_CHANCE = 0.2  # of any muscle, for a voxel of the right brightness to be muscle
_SURE = 0.95
_SURE_SHARE = 0.55  # of the way from muscle's own brightness to the upper limit
_FINE_MM = 0.8  # pixels below this resolve the rims that partial volume draws
_CLEAR_SDS = 4.0  # brightness this far from muscle's, in noise SDs, is another tissue's


def chances_of(carried: Volume) -> dict[int, Volume]:
    """Give the chance of each muscle about where registration left its labels.

    Parameters
    ----------
    carried
        Muscle labels, on a lattice fine enough that the scan's slices have no say in how
        far a border may move.
    """
    return {
        int(label): replace(carried, values=(carried.values == label)).smoothed(_BLUR_MM)
        for label in np.unique(carried.values[carried.values > 0])
    }


def refine_muscles(
    intensity: NDArray[np.float32],
    grid: Grid,
    chances: Mapping[int, Volume],
    bones: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Decide for each voxel whether it is muscle, and which.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast, on `grid`.
    chances
        Of each muscle, 0 to 1, on one lattice; 0 where it cannot be.
    bones
        Bone labels on `grid`, which muscle never enters.

    Notes
    -----
    Muscle is a band of brightness between darker tendon and cortex and brighter fat (or
    the reverse on a water image); its limits are the midpoints between this scan's own
    signals, where partial volume errs to neither side. Bright and dark mixed, as along
    tendons in fat, pass through the band too: so the brighter part of it counts only
    beside sure muscle that is more than a pixel thick. Which of two touching muscles a
    voxel belongs to is left to the chances, as brightness cannot tell.
    """
    total = chance_of_any(chances, grid)
    low, muscle, high = _muscle_band(intensity, total)
    may_be = (intensity > low) & (intensity < high) & (total > _LEAST_CHANCE) & (bones == 0)
    sure = may_be & (intensity < muscle + _SURE_SHARE * (high - muscle))
    thick = ndimage.binary_opening(sure, neighbours(grid.spacing_mm, below_mm=_FINE_MM))
    in_slice = neighbours(grid.spacing_mm, below_mm=2 * min(grid.spacing_mm))
    is_muscle = may_be & ndimage.binary_dilation(thick, in_slice)
    refined = np.zeros(grid.shape, dtype=np.uint8)
    refined[is_muscle] = likeliest_muscle(chances, grid, is_muscle)
    return refined


def chance_of_any(chances: Mapping[int, Volume], grid: Grid) -> NDArray[np.float32]:
    """Add up the muscles' chances and bring the sum, float32, to a grid."""
    summed = np.sum([chance.values for chance in chances.values()], axis=0)
    return replace(next(iter(chances.values())), values=summed).on_grid(grid)


def likeliest_muscle(
    chances: Mapping[int, Volume], grid: Grid, where: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Give the muscle of the highest chance at each voxel of a mask."""
    offsets = np.argwhere(where) - (np.array(grid.shape) - 1) / 2
    points_mm = offsets * np.array(grid.spacing_mm)
    labels = np.array([*chances], dtype=np.uint8)
    likeliest: NDArray[np.uint8] = labels[
        np.argmax([chance.sample(points_mm)[0] for chance in chances.values()], axis=0)
    ]
    return likeliest


def _muscle_band(
    brightness: NDArray[np.float32], chance: NDArray[np.float32]
) -> tuple[float, float, float]:
    """Find muscle's brightness in this scan, between its lower and upper limit."""
    surest = min(_SURE, float(np.percentile(chance[chance > 0], 75)))
    inner = brightness[chance >= surest]
    counts, edges = np.histogram(inner, bins=200, range=(0.0, 1.5))
    peak = int(ndimage.gaussian_filter1d(counts.astype(float), 2.0).argmax())
    muscle = float(edges[peak : peak + 2].mean())
    # the side below the peak holds no fat on T1, so it shows the noise
    noise = 1.4826 * float(np.median(np.abs(inner[inner <= muscle] - muscle)))
    dark, bright = np.percentile(brightness[chance > 0.01], (2, 92))
    is_darker, is_brighter = (
        abs(other - muscle) > _CLEAR_SDS * noise for other in (dark, bright)
    )
    low = (muscle + dark) / 2 if is_darker else -np.inf
    high = (muscle + bright) / 2 if is_brighter else np.inf
    return float(low), muscle, float(high)


def neighbours(spacing_mm: tuple[float, float, float], *, below_mm: float) -> NDArray[np.bool_]:
    """Give a voxel and its neighbours along the axes of finer spacing."""
    cross = np.zeros((3, 3, 3), dtype=bool)
    cross[1, 1, 1] = True
    for axis, spacing in enumerate(spacing_mm):
        if spacing < below_mm:
            arm = [slice(1, 2)] * 3
            arm[axis] = slice(None)
            cross[tuple(arm)] = True
    return cross
