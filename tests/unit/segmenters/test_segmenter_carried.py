"""What a network saw in its window, on the scan's own grid."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MEDIAL_CUNEIFORM, METATARSAL_1, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.segmenters.network.patch import Window
from pipeline.segmenters.network.prediction import OTHER, Sight
from pipeline.segmenters.network.resample_to_scan import likeliest, refined_bones
from pipeline.segmenters.network.weights import load_weights
from validation.label_overlap import dice

WINDOW = Window((24, 32, 24), (2.0, 2.0, 2.0))
GRID = Grid.from_arrays((80, 110, 15), np.diag((0.5, 0.5, 3.0, 1.0))).centred()
BONES = {MEDIAL_CUNEIFORM: (-20.0, -2.0), METATARSAL_1: (0.0, 22.0)}  # mm along y
RADIUS_MM, CORTEX_MM = 9.0, 1.5

Array = NDArray[np.float64]


def depth_mm(points_mm: Array, bone: int) -> Array:
    """Tell how deep points lie in a bone that is a round bar along y."""
    x, y, z = points_mm.T
    first, last = BONES[bone]
    depth: Array = np.minimum.reduce([y - first, last - y, RADIUS_MM - np.hypot(x, z)])
    return depth


def places_mm(shape: tuple[int, ...], affine: Array) -> Array:
    """Give the middle of each voxel."""
    places: Array = np.argwhere(np.ones(shape)) @ affine[:3, :3].T + affine[:3, 3]
    return places


@pytest.fixture(scope="module")
def sight() -> Sight:
    """See both bones softly, and 1 mm too near the heel."""
    chances = np.zeros((OTHER + 1, *WINDOW.shape), dtype=np.float32)
    points_mm = places_mm(WINDOW.shape, WINDOW.centring)
    for bone in BONES:
        is_bone = depth_mm(points_mm + np.array([0, 1.0, 0]), bone).reshape(WINDOW.shape) > 0
        chances[bone + len(MUSCLE_NAMES)] = ndimage.gaussian_filter(is_bone.astype(float), 0.6)
    chances[OTHER] = 1 - chances.sum(axis=0)
    return Sight(chances, WINDOW, np.eye(4), np.ones(WINDOW.shape, dtype=bool))


@pytest.mark.parametrize("marrow", [1.0, 0.1])
def test_bones_end_where_brightness_changes(sight: Sight, marrow: float) -> None:
    """Whether marrow is bright or dark; and their joint stays open."""
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

    found = refined_bones(sight, scan, load_weights())

    by_chance = likeliest(sight, GRID)
    for bone in BONES:
        true = (truth == bone).reshape(GRID.shape)
        plain = dice(by_chance == bone + len(MUSCLE_NAMES), true)
        assert dice(found == bone, true) > plain + 0.02
    assert not (found[:, 51:53] > 0).any()  # the joint's middle


def test_a_bone_that_is_hardly_seen_keeps_its_chance(sight: Sight) -> None:
    """Nothing tells how it looks."""
    faint = Sight(0.8 * sight.chances, WINDOW, sight.frame, sight.is_inner)
    scan = Scan(np.indices(GRID.shape)[0].astype(np.float32), GRID)

    found = refined_bones(faint, scan, load_weights())

    by_chance = likeliest(faint, GRID)
    np.testing.assert_array_equal(found, np.where(by_chance > 0, by_chance - 12, 0))
