"""What a network predicts for one patch: the probability of each class at each voxel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES, PLANTAR_LABELS
from pipeline.segmenters.components import large_components
from pipeline.segmenters.network.patch import Array, Patch, with_scaled_intensity
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.weights import Network

OTHER = len(MUSCLE_NAMES) + len(BONE_NAMES) + 1
"""Class of tissue that is neither; 0 is air, then come the muscles, then the bones."""
_MIN_BONE_VOXELS = 4  # for a bone to have a centre
_MIN_INTERIOR = 0.95  # of a bone's voxels, or the image may cut it and its centre is unknown
_NEGLIGIBLE = 0.01  # probability
_LARGE_COMPONENT = 0.25  # of the voxels of a structure's largest component


@dataclass(frozen=True, eq=False)  # no slots, as `labels` is cached
class Prediction:
    """Probabilities of the classes in one patch.

    Parameters
    ----------
    probabilities
        (classes, i, j, k), which sum to 1 over the classes.
    pose
        Patch-to-world transform: mm from the centre of the patch to world RAS in mm, 4 x 4.
    is_interior
        Voxels of the patch that lie in the image and not at its edge.
    """

    probabilities: NDArray[np.float32]
    patch: Patch
    pose: Array
    is_interior: NDArray[np.bool_]

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """The most probable class of each voxel."""
        # several times faster than argmax, which reads the classes of each voxel from far apart
        highest = self.probabilities[0].copy()
        labels = np.zeros(highest.shape, dtype=np.uint8)
        for label, probability in enumerate(self.probabilities[1:], start=1):
            labels[probability > highest] = label
            np.maximum(highest, probability, out=highest)
        return labels

    def without_small_components(self) -> "Prediction":
        """Set a structure's probability to 0 in its small components.

        Notes
        -----
        Small means less than a quarter of the largest component: the phalanges are several.
        """
        probabilities = self.probabilities.copy()
        for label, box in enumerate(ndimage.find_objects(self.labels, OTHER - 1), start=1):
            if box is not None:
                mask = self.labels[box] == label
                large = large_components(mask, _LARGE_COMPONENT, connectivity=3)
                probabilities[label][box][mask & ~large] = 0
        return replace(self, probabilities=probabilities)

    def bone_centres_mm(self, bones: Iterable[int]) -> dict[int, Array]:
        """Give the median position of each of these bones that lies whole in the image.

        Returns
        -------
        dict
            World RAS in mm, by bone label.
        """
        to_world = self.pose @ self.patch.affine
        boxes = ndimage.find_objects(self.labels, OTHER - 1)
        centres = {}
        for bone in bones:
            box = boxes[bone + len(MUSCLE_NAMES) - 1]
            if box is None:
                continue
            voxels = np.argwhere(self.labels[box] == bone + len(MUSCLE_NAMES))
            voxels += [side.start for side in box]
            is_whole = self.is_interior[tuple(voxels.T)].mean() >= _MIN_INTERIOR
            if len(voxels) >= _MIN_BONE_VOXELS and is_whole:
                centre = np.median(voxels, axis=0)  # robust against small false components
                centres[bone] = to_world[:3, :3] @ centre + to_world[:3, 3]
        return centres

    def confidence(self) -> float:
        """Give the mean maximum probability over muscles and bones; 0 if there are none."""
        is_structure = (self.labels > 0) & (self.labels < OTHER)
        if not is_structure.any():
            return 0.0
        return float(self.probabilities[:, is_structure].max(axis=0).mean())

    def resampled(
        self, labels: Iterable[int], affine: Array, shape: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
        """Interpolate the summed probability of some classes at the voxels of a lattice.

        Parameters
        ----------
        affine, shape
            Lattice index to world RAS in mm, 4 x 4, and voxels along each axis.

        Returns
        -------
        box, probability
            Slices of the lattice outside of which it is negligible, and the values there.
        """
        # class by class, as a copy of all muscles would take a hundred megabytes
        probability = reduce(np.add, (self.probabilities[label] for label in labels))
        to_patch = np.linalg.inv(self.pose @ self.patch.affine) @ affine
        voxels = np.argwhere(probability > _NEGLIGIBLE)
        if not len(voxels):
            return (slice(0, 0),) * 3, np.zeros((0, 0, 0), dtype=np.float32)
        ends = np.stack([voxels.min(axis=0) - 1, voxels.max(axis=0) + 1])
        corners = np.array([(*c, 1) for c in product(*ends.T)]) @ np.linalg.inv(to_patch).T
        low = np.clip(np.floor(corners.min(axis=0)[:3]), 0, shape).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)[:3]) + 1, low, shape).astype(int)
        resampled: NDArray[np.float32] = ndimage.affine_transform(
            probability,
            to_patch[:3, :3],
            to_patch[:3, :3] @ low + to_patch[:3, 3],
            tuple((high - low).tolist()),
            output=np.float32,
            order=1,
            mode="constant",
        )
        box = tuple(slice(*e) for e in zip(low.tolist(), high.tolist(), strict=True))
        return box, resampled

    def most_probable_of(self, labels: Sequence[int], points_mm: Array) -> NDArray[np.uint8]:
        """Give the most probable of some classes at points of the world, (n, 3) in mm."""
        to_patch = np.linalg.inv(self.pose @ self.patch.affine)
        voxels = (points_mm @ to_patch[:3, :3].T + to_patch[:3, 3]).astype(np.float32).T
        probabilities = [
            ndimage.map_coordinates(self.probabilities[label], voxels, order=1, mode="nearest")
            for label in labels
        ]
        chosen: NDArray[np.uint8] = np.array(labels, np.uint8)[np.argmax(probabilities, axis=0)]
        return chosen


def predict(network: Network, image: PlacedImage, pose: Array) -> Prediction:
    """Apply a network to an image.

    Parameters
    ----------
    image
        Downsampled to about the spacing of the network's input.
    pose
        Patch-to-world transform, 4 x 4.
    """
    patch = network.patch
    probabilities = network.probabilities(_network_input(network, image, pose))
    return Prediction(probabilities, patch, pose, image.interior(patch, pose))


def predict_finely(
    network: Network, image: PlacedImage, pose: Array
) -> tuple[Prediction, Prediction]:
    """Apply a network to an image, with the muscles also in the voxels of its input.

    Returns
    -------
    prediction, muscles
        All classes in the patch, as `predict` gives them; and the muscles in ``patch.input``,
        where class 0 is everything that is not muscle.
    """
    patch = network.patch
    network_input = _network_input(network, image, pose)
    probabilities, muscles = network.probabilities_and_muscles(network_input)
    interior = image.interior(patch, pose)
    finer = interior
    for axis, parts in enumerate(patch.split):
        finer = finer.repeat(parts, axis)
    return (
        Prediction(probabilities, patch, pose, interior),
        Prediction(muscles, patch.input, pose, finer),
    )


def predict_plantar_volume(network: Network, image: PlacedImage, pose: Array) -> float:
    """Apply a network to an image, for the volume of the plantar muscles alone.

    Returns
    -------
    float
        `plantar_volume` of the muscles that `predict_finely` gives.
    """
    return plantar_volume(network.muscles(_network_input(network, image, pose)))


def _network_input(network: Network, image: PlacedImage, pose: Array) -> NDArray[np.float32]:
    return with_scaled_intensity(image.resampled(network.patch.input, pose))


def plantar_volume(muscles: NDArray[np.float32]) -> float:
    """Sum the probabilities of plantar muscles, in voxels of the patch.

    Parameters
    ----------
    muscles
        Probabilities of the muscles, with the class as the first axis.
    """
    first, *_, last = PLANTAR_LABELS  # consecutive, so nothing needs to be copied
    return float(muscles[first : last + 1].sum())
