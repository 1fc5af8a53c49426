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
from pipeline.segmenters.network.prediction import OTHER, Sight, inner
from pipeline.segmenters.network.weights import Network, Weights, load_weights
from training.examples import classes_of
from training.template import bone_sizes

Look = Callable[[Network, NDArray[np.float32], Array, Array], Sight]


def sightless_weights() -> Weights:
    """Give what is known of the networks, without those that look."""
    sizes, packaged = bone_sizes(), load_weights()
    return Weights(
        Network(None, COARSE),
        Network(None, FINE),
        packaged.muscle_border,
        packaged.bone_border,
        {label: np.array(bone["middle_mm"]) for label, bone in sizes.items()},
        {label: np.array(bone["half_size_mm"]) for label, bone in sizes.items()},
        {},
    )


def oracle(*feet: Foot, certainty: float = 1.0) -> Look:
    """Make what looks at these feet in place of a network.

    Parameters
    ----------
    certainty
        Chance of the true class; the rest goes to the last one.
    """
    known = [(foot.grid.matrix, classes_of(foot)) for foot in feet]

    def look(
        network: Network, values: NDArray[np.float32], affine: Array, frame: Array
    ) -> Sight:
        window = network.window
        classes = np.zeros(window.shape, dtype=np.uint8)
        for matrix, truth in known:
            to_foot = np.linalg.inv(matrix) @ frame @ window.centring
            own = ndimage.affine_transform(
                truth, to_foot[:3, :3], to_foot[:3, 3], window.shape, order=0
            )
            classes[own > 0] = own[own > 0]
        # what the image does not show cannot be found
        classes[seen(np.ones_like(values), affine, window, frame) < 0.5] = 0
        classes[seen(values, affine, window, frame) == 0] = 0
        chances = np.zeros((OTHER + 1, *window.shape), dtype=np.float32)
        chances[-1] = 1 - certainty
        np.put_along_axis(chances, classes[None], np.float32(certainty), axis=0)
        return Sight(chances, window, frame, inner(values, affine, window, frame))

    return look


def closely(look: Look) -> Callable[..., tuple[Sight, Sight]]:
    """Make what also tells the muscles in finer voxels, as `look_closely` does."""

    def look_closely(
        network: Network, values: NDArray[np.float32], affine: Array, frame: Array
    ) -> tuple[Sight, Sight]:
        fine = look(replace(network, window=network.window.shown), values, affine, frame)
        muscles = fine.chances[: len(MUSCLE_NAMES) + 1].copy()
        muscles[0] = 1 - muscles[1:].sum(axis=0)
        return look(network, values, affine, frame), replace(fine, chances=muscles)

    return look_closely


def show(patch: pytest.MonkeyPatch, look: Look) -> None:
    """Let the network segmenter look this way."""
    patch.setattr(network_search, "look", look)
    patch.setattr(network_search, "look_closely", closely(look))
