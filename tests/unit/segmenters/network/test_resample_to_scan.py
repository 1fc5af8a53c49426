"""A prediction on the scan's own grid."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MEDIAL_CUNEIFORM, METATARSAL_1, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.network.resample_to_scan import most_probable_labels, refined_bones
from pipeline.segmenters.network.weights import load_weights
from validation.label_overlap import dice

PATCH = Patch((24, 32, 24), (2.0, 2.0, 2.0))
GRID = Grid.from_arrays((80, 110, 15), np.diag((0.5, 0.5, 3.0, 1.0))).centred()
BONES = {MEDIAL_CUNEIFORM: (-20.0, -2.0), METATARSAL_1: (0.0, 22.0)}  # mm along y
RADIUS_MM, CORTEX_MM = 9.0, 1.5

Array = NDArray[np.float64]


def depth_mm(points_mm: Array, bone: int) -> Array:
    """Give the depth of points in a bone that is a round bar along y."""
    x, y, z = points_mm.T
    first, last = BONES[bone]
    depth: Array = np.minimum.reduce([y - first, last - y, RADIUS_MM - np.hypot(x, z)])
    return depth


def places_mm(shape: tuple[int, ...], affine: Array) -> Array:
    """Give the centre of each voxel."""
    places: Array = np.argwhere(np.ones(shape)) @ affine[:3, :3].T + affine[:3, 3]
    return places


@pytest.fixture(scope="module")
def prediction() -> Prediction:
    """Predict both bones with soft boundaries, 1 mm too near the heel."""
    probabilities = np.zeros((OTHER + 1, *PATCH.shape), dtype=np.float32)
    points_mm = places_mm(PATCH.shape, PATCH.affine)
    for bone in BONES:
        is_bone = depth_mm(points_mm + np.array([0, 1.0, 0]), bone).reshape(PATCH.shape) > 0
        probabilities[bone + len(MUSCLE_NAMES)] = ndimage.gaussian_filter(
            is_bone.astype(float), 0.6
        )
    probabilities[OTHER] = 1 - probabilities.sum(axis=0)
    return Prediction(probabilities, PATCH, np.eye(4), np.ones(PATCH.shape, dtype=bool))


@pytest.mark.parametrize("marrow", [1.0, 0.1])
def test_bones_end_where_the_intensity_changes(prediction: Prediction, marrow: float) -> None:
    """Whether marrow is bright or dark; the joint stays open."""
    points_mm = places_mm(GRID.shape, GRID.matrix)
    image = np.full(len(points_mm), 0.4)
    truth = np.zeros(len(points_mm), dtype=np.uint8)
    for bone in BONES:
        depth = depth_mm(points_mm, bone)
        image[depth > 0] = 0.05
        image[depth > CORTEX_MM] = marrow
        truth[depth > 0] = bone
    image += np.random.default_rng(3).normal(0, 0.02, image.shape)
    scan = Scan(image.reshape(GRID.shape).astype(np.float32), GRID)

    found = refined_bones(prediction, scan, load_weights())

    by_probability = most_probable_labels(prediction, GRID)
    for bone in BONES:
        true = (truth == bone).reshape(GRID.shape)
        plain = dice(by_probability == bone + len(MUSCLE_NAMES), true)
        assert dice(found == bone, true) > plain + 0.005
    assert not (found[:, 51:53] > 0).any()  # the joint


def test_a_bone_without_a_core_keeps_its_probability(prediction: Prediction) -> None:
    """Its own intensity cannot be measured."""
    faint = Prediction(
        0.8 * prediction.probabilities, PATCH, prediction.pose, prediction.is_interior
    )
    scan = Scan(np.indices(GRID.shape)[0].astype(np.float32), GRID)

    found = refined_bones(faint, scan, load_weights())

    by_probability = most_probable_labels(faint, GRID)
    np.testing.assert_array_equal(found, np.where(by_probability > 0, by_probability - 12, 0))
