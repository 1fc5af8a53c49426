"""A network that knows the truth, so that what is built around it can be tested."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network import localisation as network_search
from pipeline.segmenters.network.patch import COARSE, FINE, Array, seen
from pipeline.segmenters.network.prediction import OTHER, Prediction, inner
from pipeline.segmenters.network.weights import Network, Weights, load_weights
from training.examples import classes_of
from training.template import bone_sizes

Look = Callable[[Network, NDArray[np.float32], Array, Array], Prediction]


def weights_without_networks() -> Weights:
    """Give what is known of the networks, without those that look."""
    sizes, packaged = bone_sizes(), load_weights()
    return Weights(
        Network(None, COARSE),
        Network(None, FINE),
        packaged.muscle_boundary,
        packaged.bone_boundary,
        {label: np.array(bone["centre_mm"]) for label, bone in sizes.items()},
        {label: np.array(bone["half_size_mm"]) for label, bone in sizes.items()},
        {},
    )


def oracle(*feet: Foot, confidence: float = 1.0) -> Look:
    """Make what looks at these feet in place of a network.

    Parameters
    ----------
    confidence
        Chance of the true class; the rest goes to the last one.
    """
    known = [(foot.grid.matrix, classes_of(foot)) for foot in feet]

    def predict(
        network: Network, values: NDArray[np.float32], affine: Array, pose: Array
    ) -> Prediction:
        patch = network.patch
        classes = np.zeros(patch.shape, dtype=np.uint8)
        for matrix, truth in known:
            to_foot = np.linalg.inv(matrix) @ pose @ patch.centring
            own = ndimage.affine_transform(
                truth, to_foot[:3, :3], to_foot[:3, 3], patch.shape, order=0
            )
            classes[own > 0] = own[own > 0]
        # what the image does not show cannot be found
        classes[seen(np.ones_like(values), affine, patch, pose) < 0.5] = 0
        classes[seen(values, affine, patch, pose) == 0] = 0
        probabilities = np.zeros((OTHER + 1, *patch.shape), dtype=np.float32)
        probabilities[-1] = 1 - confidence
        np.put_along_axis(probabilities, classes[None], np.float32(confidence), axis=0)
        return Prediction(probabilities, patch, pose, inner(values, affine, patch, pose))

    return predict


def closely(predict: Look) -> Callable[..., tuple[Prediction, Prediction]]:
    """Make what also tells the muscles in finer voxels, as `predict_finely` does."""

    def predict_finely(
        network: Network, values: NDArray[np.float32], affine: Array, pose: Array
    ) -> tuple[Prediction, Prediction]:
        fine = predict(replace(network, patch=network.patch.input), values, affine, pose)
        muscles = fine.probabilities[: len(MUSCLE_NAMES) + 1].copy()
        muscles[0] = 1 - muscles[1:].sum(axis=0)
        return predict(network, values, affine, pose), replace(fine, probabilities=muscles)

    return predict_finely


def show(patch: pytest.MonkeyPatch, predict: Look) -> None:
    """Let the network segmenter look this way."""
    patch.setattr(network_search, "predict", predict)
    patch.setattr(network_search, "predict_finely", closely(predict))
