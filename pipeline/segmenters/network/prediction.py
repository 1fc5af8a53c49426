"""What a network makes of an image: the probability of each class, anywhere in the world."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.segmenters.network.patch import Array, Patch, scaled, seen
from pipeline.segmenters.network.weights import Network

OTHER = len(MUSCLE_NAMES) + len(BONE_NAMES) + 1
"""Class of tissue that is neither; 0 is air, then come the muscles, then the bones."""
_FEWEST_VOXELS = 4  # of a patch, for a bone to have a middle
_WHOLE = 0.95  # of a bone's voxels are off the image's edge, or its middle is not known
_NO_CHANCE = 0.01
_LARGE_PIECE = 0.25  # of a structure's largest; smaller ones are strays


@dataclass(frozen=True, eq=False)  # no slots, or nothing could be kept
class Prediction:
    """Chances of the classes in one patch.

    Parameters
    ----------
    probabilities
        (classes, x, y, z), adding up to 1.
    pose
        Mm about the patch's middle to world, 4 x 4.
    is_inner
        Which voxels of the patch lie in the image, and not at its edge.
    """

    probabilities: NDArray[np.float32]
    patch: Patch
    pose: Array
    is_inner: NDArray[np.bool_]

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """The likeliest class of each voxel."""
        labels: NDArray[np.uint8] = self.probabilities.argmax(axis=0).astype(np.uint8)
        return labels

    def without_small_components(self) -> "Prediction":
        """Take its probability from what is torn off and small; phalanges are many pieces."""
        probabilities = self.probabilities.copy()
        for label, box in enumerate(ndimage.find_objects(self.labels, OTHER - 1), start=1):
            if box is None:
                continue
            pieces, count = ndimage.label(self.labels[box] == label, np.ones((3, 3, 3)))
            if count > 1:
                sizes = np.bincount(pieces.ravel())[1:]
                small = np.flatnonzero(sizes < _LARGE_PIECE * sizes.max()) + 1
                probabilities[label][box][np.isin(pieces, small)] = 0
        return replace(self, probabilities=probabilities)

    def bone_centres_mm(self, bones: Iterable[int]) -> dict[int, Array]:
        """Give the middle of each of these bones that is seen whole, in the world."""
        to_world = self.pose @ self.patch.centring
        boxes = ndimage.find_objects(self.labels, OTHER - 1)
        middles = {}
        for bone in bones:
            box = boxes[bone + len(MUSCLE_NAMES) - 1]
            if box is None:
                continue
            voxels = np.argwhere(self.labels[box] == bone + len(MUSCLE_NAMES))
            voxels += [side.start for side in box]
            is_whole = self.is_inner[tuple(voxels.T)].mean() >= _WHOLE
            if len(voxels) >= _FEWEST_VOXELS and is_whole:
                middle = np.median(voxels, axis=0)  # strays hardly move it
                middles[bone] = to_world[:3, :3] @ middle + to_world[:3, 3]
        return middles

    def confidence(self) -> float:
        """Give the mean maximum probability over muscles and bones; 0 if there are none."""
        is_structure = (self.labels > 0) & (self.labels < OTHER)
        if not is_structure.any():
            return 0.0
        return float(self.probabilities[:, is_structure].max(axis=0).mean())

    def resampled(
        self, labels: Iterable[int], affine: Array, shape: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
        """Give the summed probability of some classes on the part of a lattice.

        Parameters
        ----------
        affine
            Lattice index to world.

        Returns
        -------
        box, probability
            Slices of the lattice, and the probability there.
        """
        probability = self.probabilities[[*labels]].sum(axis=0)
        to_patch = np.linalg.inv(self.pose @ self.patch.centring) @ affine
        held = np.argwhere(probability > _NO_CHANCE)
        if not len(held):
            return (slice(0, 0),) * 3, np.zeros((0, 0, 0), dtype=np.float32)
        ends = np.stack([held.min(axis=0) - 1, held.max(axis=0) + 1])
        corners = np.array([(*c, 1) for c in product(*ends.T)]) @ np.linalg.inv(to_patch).T
        low = np.clip(np.floor(corners.min(axis=0)[:3]), 0, shape).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)[:3]) + 1, low, shape).astype(int)
        here: NDArray[np.float32] = ndimage.affine_transform(
            probability,
            to_patch[:3, :3],
            to_patch[:3, :3] @ low + to_patch[:3, 3],
            tuple((high - low).tolist()),
            output=np.float32,
            order=1,
            mode="constant",
        )
        return tuple(
            slice(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)
        ), here

    def most_probable_of(self, labels: Sequence[int], points_mm: Array) -> NDArray[np.uint8]:
        """Give the likeliest of some classes at each point, (n, 3), of the world."""
        to_patch = np.linalg.inv(self.pose @ self.patch.centring)
        voxels = (points_mm @ to_patch[:3, :3].T + to_patch[:3, 3]).astype(np.float32).T
        probabilities = [
            ndimage.map_coordinates(self.probabilities[label], voxels, order=1, mode="nearest")
            for label in labels
        ]
        likeliest: NDArray[np.uint8] = np.array(labels, np.uint8)[
            np.argmax(probabilities, axis=0)
        ]
        return likeliest


def predict(
    network: Network, values: NDArray[np.float32], affine: Array, pose: Array
) -> Prediction:
    """Let a network see an image through its patch.

    Parameters
    ----------
    values, affine
        Image averaged to about the spacing that is shown, and its index to world.
    pose
        Where the patch lies.
    """
    patch = network.patch
    shown = scaled(seen(values, affine, patch.input, pose))
    return Prediction(
        network.probabilities(shown), patch, pose, inner(values, affine, patch, pose)
    )


def predict_finely(
    network: Network, values: NDArray[np.float32], affine: Array, pose: Array
) -> tuple[Prediction, Prediction]:
    """Let a network see an image, and tell the muscles in the voxels that it is shown.

    Returns
    -------
    prediction, muscles
        Of all classes in the patch, as `look` gives it; of muscles alone, where 0 is
        whatever is no muscle, in ``patch.input``.
    """
    patch = network.patch
    shown = scaled(seen(values, affine, patch.input, pose))
    probabilities, muscles = network.probabilities_and_muscles(shown)
    return (
        Prediction(probabilities, patch, pose, inner(values, affine, patch, pose)),
        Prediction(muscles, patch.input, pose, inner(values, affine, patch.input, pose)),
    )


def inner(
    values: NDArray[np.float32], affine: Array, patch: Patch, pose: Array
) -> NDArray[np.bool_]:
    """Tell which voxels of a patch lie in the image, and not at its edge."""
    field_of_view = seen(np.ones_like(values), affine, patch, pose) > 0.99
    kept: NDArray[np.bool_] = ndimage.binary_erosion(field_of_view)
    return kept
