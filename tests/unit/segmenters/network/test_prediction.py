"""The prediction of a network in one patch."""

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.segmenters.network.patch import FINE, Patch
from pipeline.segmenters.network.prediction import OTHER, Prediction

PATCH = Patch((8, 8, 8), (2.0, 2.0, 2.0))


def of_block(probability: float = 0.8) -> Prediction:
    """Predict bone 1 in a block of 4 x 4 x 4 voxels at the centre of the patch."""
    probabilities = np.zeros((OTHER + 1, *PATCH.shape), np.float32)
    probabilities[1 + len(MUSCLE_NAMES), 2:6, 2:6, 2:6] = probability
    probabilities[0] = 1 - probabilities.sum(axis=0)
    pose = np.eye(4)
    pose[:3, 3] = 10, -20, 30
    return Prediction(probabilities, PATCH, pose, np.ones(PATCH.shape, dtype=bool))


def test_small_components_are_removed() -> None:
    """One voxel far from its bone is removed, two halves are not."""
    probabilities = np.zeros((30, 12, 8, 8), np.float32)
    probabilities[0] = 0.4
    probabilities[13, 1:5, 1:5, 1:5] = probabilities[13, 9, 6, 6] = 0.6
    probabilities[14, 0, 6:8] = probabilities[14, 4, 6:8] = 0.6
    everywhere = np.ones(probabilities.shape[1:], dtype=bool)
    prediction = Prediction(probabilities, FINE, np.eye(4), everywhere)

    cleaned = prediction.without_small_components()

    assert cleaned.probabilities[13, 9, 6, 6] == 0
    assert (cleaned.probabilities[13, 1:5, 1:5, 1:5] > 0).all()
    assert (cleaned.probabilities[14, 4, 6:8] > 0).all()
    assert prediction.probabilities[13, 9, 6, 6] > 0


def test_the_centre_of_a_bone_lies_in_the_world() -> None:
    """That of a block at the centre of the patch is the origin of the pose."""
    np.testing.assert_allclose(of_block().bone_centres_mm([1, 2])[1], (10, -20, 30))


def test_a_bone_at_the_edge_of_the_image_has_no_centre() -> None:
    """The image may cut it."""
    prediction = of_block()
    prediction.is_interior[2] = False

    assert prediction.bone_centres_mm([1]) == {}


def test_confidence_is_the_mean_maximum_probability() -> None:
    """Over muscles and bones; 0 where there are none."""
    assert of_block(0.8).confidence() == pytest.approx(0.8)
    assert of_block(0.3).confidence() == 0


def test_probabilities_are_resampled_in_a_box() -> None:
    """Outside the box they are negligible; inside they are interpolated."""
    prediction = of_block()
    affine = prediction.pose @ PATCH.affine

    box, probability = prediction.resampled([13], affine, PATCH.shape)

    np.testing.assert_allclose(probability, prediction.probabilities[13][box], atol=1e-6)
    assert probability.sum() == pytest.approx(prediction.probabilities[13].sum(), rel=1e-5)


def test_nothing_is_resampled_where_there_is_nothing() -> None:
    """The box is empty."""
    _, probability = of_block().resampled([5], np.eye(4), PATCH.shape)

    assert probability.size == 0


def test_the_most_probable_class_is_the_first_of_equals() -> None:
    """As `argmax` gives it."""
    probabilities = (
        np.random.default_rng(3).integers(0, 3, (5, *PATCH.shape)).astype(np.float32)
    )

    prediction = Prediction(probabilities, PATCH, np.eye(4), np.ones(PATCH.shape, dtype=bool))

    np.testing.assert_array_equal(prediction.labels, probabilities.argmax(axis=0))
