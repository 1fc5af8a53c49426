"""Where muscle really is: the atlas says about where, the scan's brightness says exactly."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_BLUR_MM = 1.5  # how far carried-over borders may be off
_LEAST_CHANCE = 0.2  # of the blurred atlas, for a voxel of the right brightness to be muscle
_SURE = 0.95
_PASSES = 2  # the second follows large bellies out of the atlas's reach
_REACH_MM = 6.0
_FINE_MM = 0.8  # pixels below this resolve the rims that partial volume draws
_CLEAR_SDS = 4.0  # brightness this far from muscle's, in noise SDs, is another tissue's


def refine_muscles(
    intensity: NDArray[np.float32],
    carried: NDArray[np.uint8],
    bones: NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> NDArray[np.uint8]:
    """Decide for each voxel whether it is muscle, and which.

    Parameters
    ----------
    intensity
        Preprocessed, any contrast.
    carried
        Muscle labels as registration left them.
    bones
        Bone labels, which muscle never enters.

    Notes
    -----
    Muscle is a band of brightness between darker tendon and cortex and brighter fat (or
    the reverse on a water image); its limits are the midpoints between this scan's own
    signals, where partial volume errs to neither side. Rims one pixel thin that pass
    through the band between bright and dark are opened away. Which of two touching
    muscles a voxel belongs to is left to the atlas, as brightness cannot tell.
    """
    box = _box_around(carried, spacing_mm)
    brightness, is_free = intensity[box], bones[box] == 0
    labels = carried[box]
    for _ in range(_PASSES):
        chance, owner = _blurred(labels, spacing_mm)
        low, high = _muscle_band(brightness, chance)
        is_muscle = (brightness > low) & (brightness < high) & (chance > _LEAST_CHANCE)
        labels = np.where(_without_rims(is_muscle & is_free, spacing_mm), owner, 0)
    refined = np.zeros_like(carried)
    refined[box] = labels
    return refined


def _box_around(
    labels: NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> tuple[slice, ...]:
    near = ndimage.find_objects((labels > 0).astype(np.uint8))[0]
    margins = [int(np.ceil(_REACH_MM / s)) for s in spacing_mm]
    return tuple(
        slice(max(0, s.start - m), min(n, s.stop + m))
        for s, m, n in zip(near, margins, labels.shape, strict=True)
    )


def _blurred(
    labels: NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Give the chance of any muscle, and the likeliest one, per voxel."""
    sigma = [_BLUR_MM / s for s in spacing_mm]
    total = np.zeros(labels.shape, dtype=np.float32)
    highest = np.zeros(labels.shape, dtype=np.float32)
    owner = np.zeros(labels.shape, dtype=np.uint8)
    for label in np.unique(labels[labels > 0]):
        chance = ndimage.gaussian_filter(
            (labels == label).astype(np.float32), sigma, mode="nearest", truncate=3.0
        )
        total += chance
        wins = chance > highest
        highest[wins] = chance[wins]
        owner[wins] = label
    return total, owner


def _muscle_band(
    brightness: NDArray[np.float32], chance: NDArray[np.float32]
) -> tuple[float, float]:
    """Find the limits of muscle's brightness in this scan."""
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
    return float(low), float(high)


def _without_rims(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> NDArray[np.bool_]:
    cross = np.zeros((3, 3, 3), dtype=bool)
    cross[1, 1, 1] = True
    for axis, spacing in enumerate(spacing_mm):
        if spacing < _FINE_MM:
            arm = [slice(1, 2)] * 3
            arm[axis] = slice(None)
            cross[tuple(arm)] = True
    opened: NDArray[np.bool_] = ndimage.binary_opening(mask, cross)
    return opened
