"""A network that knows the ground truth, so that the code around it can be tested."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network import localisation
from pipeline.segmenters.network.patch import COARSE, FINE, Array
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.prediction import OTHER, Prediction, plantar_volume
from pipeline.segmenters.network.weights import Network, Weights, load_weights
from training.examples import classes_of
from training.template import bone_sizes

Predict = Callable[[Network, PlacedImage, Array], Prediction]


def weights_without_networks() -> Weights:
    """Give bones, patches and boundary networks, without the networks that predict."""
    sizes, packaged = bone_sizes(), load_weights()
    return Weights(
        Network(None, COARSE),
        Network(None, FINE),
        packaged.muscle_boundary,
        packaged.bone_boundary,
        packaged.bone_shape,
        {label: np.array(bone["centre_mm"]) for label, bone in sizes.items()},
        {label: np.array(bone["half_size_mm"]) for label, bone in sizes.items()},
        {},
    )


def oracle(*feet: Foot, confidence: float = 1.0) -> Predict:
    """Make a function that predicts these feet in place of a network.

    Parameters
    ----------
    confidence
        Probability of the true class; the rest goes to the last one.
    """
    known = [(foot.grid.matrix, classes_of(foot)) for foot in feet]

    def predict(network: Network, image: PlacedImage, pose: Array) -> Prediction:
        patch = network.patch
        classes = np.zeros(patch.shape, dtype=np.uint8)
        for matrix, truth in known:
            to_foot = np.linalg.inv(matrix) @ pose @ patch.affine
            own = ndimage.affine_transform(
                truth, to_foot[:3, :3], to_foot[:3, 3], patch.shape, order=0
            )
            classes[own > 0] = own[own > 0]
        # nothing can be predicted outside the image
        field_of_view = replace(image, values=np.ones_like(image.values))
        classes[field_of_view.resampled(patch, pose) < 0.5] = 0
        classes[image.resampled(patch, pose) == 0] = 0
        probabilities = np.zeros((OTHER + 1, *patch.shape), dtype=np.float32)
        probabilities[-1] = 1 - confidence
        np.put_along_axis(probabilities, classes[None], np.float32(confidence), axis=0)
        return Prediction(probabilities, patch, pose, image.interior(patch, pose))

    return predict


def finely(predict: Predict) -> Callable[..., tuple[Prediction, Prediction]]:
    """Add the muscles in the voxels of the input, as `predict_finely` does."""

    def predict_finely(
        network: Network, image: PlacedImage, pose: Array
    ) -> tuple[Prediction, Prediction]:
        fine = predict(replace(network, patch=network.patch.input), image, pose)
        muscles = fine.probabilities[: len(MUSCLE_NAMES) + 1].copy()
        muscles[0] = 1 - muscles[1:].sum(axis=0)
        return predict(network, image, pose), replace(fine, probabilities=muscles)

    return predict_finely


def use(monkeypatch: pytest.MonkeyPatch, predict: Predict) -> None:
    """Let the network segmenter predict this way."""
    monkeypatch.setattr(localisation, "predict", predict)
    predict_finely = finely(predict)

    def predict_plantar_volume(network: Network, image: PlacedImage, pose: Array) -> float:
        return plantar_volume(predict_finely(network, image, pose)[1].probabilities)

    monkeypatch.setattr(localisation, "predict_finely", predict_finely)
    monkeypatch.setattr(localisation, "predict_plantar_volume", predict_plantar_volume)
