"""What a network saw in its patch, brought to the image's own grid."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.segmenters.network.boundary import is_seen, structure_probability, with_room
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.network.weights import Weights

_LEAST_CHANCE = 0.5  # of a structure
_SMOOTH_BONE_MM = 0.5  # SD
_LEAST_PART = 0.2  # of a voxel; less may be anything
_NO_CHANCE = 0.001  # of any muscle, below which none is named


def muscle_probability(
    prediction: Prediction, grid: Grid
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Bring the muscles to a grid.

    Returns
    -------
    probability, muscle
        Of any muscle at all, and the likeliest of them; 0 where there is none.
    """
    probability = np.zeros(grid.shape, dtype=np.float32)
    box, held = prediction.resampled(MUSCLE_NAMES, grid.matrix, grid.shape)
    probability[box] = held
    is_any = probability > _NO_CHANCE
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
        Slices of the grid, with some room about the bone, and the probability there.
    """
    seen, held = prediction.resampled([bone + len(MUSCLE_NAMES)], grid.matrix, grid.shape)
    box = with_room(seen, grid.shape)
    room = [(s.start - b.start, b.stop - s.stop) for s, b in zip(seen, box, strict=True)]
    return box, np.pad(held, room)


def refined_bones(prediction: Prediction, scan: Scan, weights: Weights) -> NDArray[np.uint8]:
    """Label the bones; where tarsals and metatarsals end is told by brightness.

    Notes
    -----
    By each bone's own probability, not the likeliest of all, so that two bones do not close the
    joint between them. Bones are smooth, so what brightness says is averaged a little.
    """
    grid = scan.grid
    found = np.zeros(grid.shape, dtype=np.uint8)
    most = np.zeros(grid.shape, dtype=np.float32)
    for bone in BONE_NAMES:
        box, probability = bone_probability(prediction, grid, bone)
        is_bone = probability > _LEAST_CHANCE
        if bone in weights.centres_mm and is_seen(probability):
            labels = np.full(probability.shape, bone, dtype=np.uint8)
            part = structure_probability(
                scan.intensity[box], grid, probability, labels, weights.bone_boundary
            )
            smoothness = np.divide(_SMOOTH_BONE_MM, grid.spacing_mm)
            probability = ndimage.gaussian_filter(part, smoothness)
            is_bone = _counted(probability, grid)
        is_more = is_bone & (probability > most[box])
        found[box][is_more] = bone
        most[box][is_more] = probability[is_more]
    return found


def _counted(part: NDArray[np.float32], grid: Grid) -> NDArray[np.bool_]:
    """Choose as many voxels in each thick slice as the parts that are bone add up to.

    Notes
    -----
    A bone's rounded end may fill no voxel of its last slice by a half, and would end a slice
    too early if halves were asked for.
    """
    if all(grid.fine_axes):
        return part > _LEAST_CHANCE
    axis = int(np.argmax(grid.spacing_mm))
    chosen = np.zeros(part.shape, dtype=bool)
    for own, of_slice in zip(
        np.moveaxis(chosen, axis, 0), np.moveaxis(part, axis, 0), strict=True
    ):
        count = round(float(of_slice[of_slice > _LEAST_PART].sum()))
        if count:
            own[:] = of_slice >= np.partition(of_slice, -count, axis=None)[-count]
    return chosen


def most_probable_labels(prediction: Prediction, grid: Grid) -> NDArray[np.uint8]:
    """Label muscles and bones by probability alone, as the classes of what was seen.

    Notes
    -----
    What is less likely this structure than anything else is left out, so that two bones do
    not close the joint between them.
    """
    found = np.zeros(grid.shape, dtype=np.uint8)
    most = np.zeros(grid.shape, dtype=np.float32)
    for label in range(1, OTHER):
        box, probability = prediction.resampled([label], grid.matrix, grid.shape)
        is_more = probability > most[box]
        found[box][is_more] = label
        most[box][is_more] = probability[is_more]
    found[most < _LEAST_CHANCE] = 0
    return found
