"""A prediction, brought to the scan's own grid."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.segmenters.network.boundary import has_core, structure_probability, widened
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.network.weights import Weights

_HALF = 0.5  # probability above which a voxel is a structure
_SMOOTH_BONE_MM = 0.5  # SD
_MIN_FRACTION = 0.2  # of a voxel; smaller ones may be noise
_NEGLIGIBLE = 0.001  # probability of any muscle


def muscle_probability(
    prediction: Prediction, grid: Grid
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Bring the muscles to a grid.

    Returns
    -------
    probability, muscle
        Of any muscle at all; and the label of the most probable one, 0 where all are
        negligible.
    """
    probability = np.zeros(grid.shape, dtype=np.float32)
    box, inside = prediction.resampled(MUSCLE_NAMES, grid.matrix, grid.shape)
    probability[box] = inside
    is_any = probability > _NEGLIGIBLE
    muscle = np.zeros(grid.shape, dtype=np.uint8)
    points_mm = grid.to_world(np.argwhere(is_any))
    muscle[is_any] = prediction.most_probable_of([*MUSCLE_NAMES], points_mm)
    return probability, muscle


def bone_probability(
    prediction: Prediction, grid: Grid, bone: int
) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
    """Bring the probability of one bone to the part of a grid about it.

    Returns
    -------
    box, probability
        Slices of the grid, with a margin about the bone, and the values there.
    """
    tight, inside = prediction.resampled([bone + len(MUSCLE_NAMES)], grid.matrix, grid.shape)
    box = widened(tight, grid.shape)
    margins = [(t.start - b.start, b.stop - t.stop) for t, b in zip(tight, box, strict=True)]
    return box, np.pad(inside, margins)


def refined_bones(prediction: Prediction, scan: Scan, weights: Weights) -> NDArray[np.uint8]:
    """Label the bones, with the boundaries of tarsals and metatarsals by the scan's intensity.

    Notes
    -----
    Each bone is thresholded by its own probability instead of taking the most probable class,
    so that two bones do not close the joint between them. Bones are smooth, so the fractions
    that the intensity gives are smoothed a little.
    """
    grid = scan.grid
    labels = np.zeros(grid.shape, dtype=np.uint8)
    highest = np.zeros(grid.shape, dtype=np.float32)
    for bone in BONE_NAMES:
        box, probability = bone_probability(prediction, grid, bone)
        is_bone = probability > _HALF
        if bone in weights.centres_mm and has_core(probability):
            of_bone = np.full(probability.shape, bone, dtype=np.uint8)
            fraction = structure_probability(
                scan.intensity[box], grid, probability, of_bone, weights.bone_boundary
            )
            smoothness = np.divide(_SMOOTH_BONE_MM, grid.spacing_mm)
            probability = ndimage.gaussian_filter(fraction, smoothness)
            is_bone = _volume_preserving_mask(probability, grid)
        is_higher = is_bone & (probability > highest[box])
        labels[box][is_higher] = bone
        highest[box][is_higher] = probability[is_higher]
    return labels


def _volume_preserving_mask(fraction: NDArray[np.float32], grid: Grid) -> NDArray[np.bool_]:
    """Take as many voxels in each thick slice as its partial-volume fractions add up to.

    Notes
    -----
    A bone's rounded end may fill no voxel of its last slice by a half; a threshold of a half
    would end the bone a slice too early.
    """
    if all(grid.fine_axes):
        return fraction > _HALF
    axis = int(np.argmax(grid.spacing_mm))
    mask = np.zeros(fraction.shape, dtype=bool)
    for in_slice, of_slice in zip(
        np.moveaxis(mask, axis, 0), np.moveaxis(fraction, axis, 0), strict=True
    ):
        count = round(float(of_slice[of_slice > _MIN_FRACTION].sum()))
        if count:
            in_slice[:] = of_slice >= np.partition(of_slice, -count, axis=None)[-count]
    return mask


def most_probable_labels(prediction: Prediction, grid: Grid) -> NDArray[np.uint8]:
    """Label muscles and bones by probability alone, with the classes of the prediction.

    Notes
    -----
    A voxel needs a probability of a half or more, so that two bones do not close the joint
    between them.
    """
    labels = np.zeros(grid.shape, dtype=np.uint8)
    highest = np.zeros(grid.shape, dtype=np.float32)
    for label in range(1, OTHER):
        box, probability = prediction.resampled([label], grid.matrix, grid.shape)
        is_higher = probability > highest[box]
        labels[box][is_higher] = label
        highest[box][is_higher] = probability[is_higher]
    labels[highest < _HALF] = 0
    return labels
