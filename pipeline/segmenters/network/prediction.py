"""What a network makes of an image: the chance of each class, anywhere in the world."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.segmenters.network.patch import Array, Window, scaled, seen
from pipeline.segmenters.network.weights import Network

OTHER = len(MUSCLE_NAMES) + len(BONE_NAMES) + 1
"""Class of tissue that is neither; 0 is air, then come the muscles, then the bones."""
_FEWEST_VOXELS = 4  # of a window, for a bone to have a middle
_WHOLE = 0.95  # of a bone's voxels are off the image's edge, or its middle is not known
_NO_CHANCE = 0.01
_LARGE_PIECE = 0.25  # of a structure's largest; smaller ones are strays


@dataclass(frozen=True, eq=False)  # no slots, or nothing could be kept
class Sight:
    """Chances of the classes in one window.

    Parameters
    ----------
    chances
        (classes, x, y, z), adding up to 1.
    frame
        Mm about the window's middle to world, 4 x 4.
    is_inner
        Which voxels of the window lie in the image, and not at its edge.
    """

    chances: NDArray[np.float32]
    window: Window
    frame: Array
    is_inner: NDArray[np.bool_]

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """The likeliest class of each voxel."""
        labels: NDArray[np.uint8] = self.chances.argmax(axis=0).astype(np.uint8)
        return labels

    def without_strays(self) -> "Sight":
        """Take its chance from what is torn off and small; phalanges are many pieces."""
        chances = self.chances.copy()
        for label, box in enumerate(ndimage.find_objects(self.labels, OTHER - 1), start=1):
            if box is None:
                continue
            pieces, count = ndimage.label(self.labels[box] == label, np.ones((3, 3, 3)))
            if count > 1:
                sizes = np.bincount(pieces.ravel())[1:]
                small = np.flatnonzero(sizes < _LARGE_PIECE * sizes.max()) + 1
                chances[label][box][np.isin(pieces, small)] = 0
        return replace(self, chances=chances)

    def bone_middles_mm(self, bones: Iterable[int]) -> dict[int, Array]:
        """Give the middle of each of these bones that is seen whole, in the world."""
        to_world = self.frame @ self.window.centring
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

    def certainty(self) -> float:
        """Give the mean chance of the likeliest class over muscles and bones; 0 if none."""
        is_structure = (self.labels > 0) & (self.labels < OTHER)
        if not is_structure.any():
            return 0.0
        return float(self.chances[:, is_structure].max(axis=0).mean())

    def resampled(
        self, labels: Iterable[int], affine: Array, shape: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
        """Give some classes' chances together on the part of a lattice where there is any.

        Parameters
        ----------
        affine
            Lattice index to world.

        Returns
        -------
        box, chance
            Slices of the lattice, and the chance there.
        """
        chance = self.chances[[*labels]].sum(axis=0)
        to_window = np.linalg.inv(self.frame @ self.window.centring) @ affine
        held = np.argwhere(chance > _NO_CHANCE)
        if not len(held):
            return (slice(0, 0),) * 3, np.zeros((0, 0, 0), dtype=np.float32)
        ends = np.stack([held.min(axis=0) - 1, held.max(axis=0) + 1])
        corners = np.array([(*c, 1) for c in product(*ends.T)]) @ np.linalg.inv(to_window).T
        low = np.clip(np.floor(corners.min(axis=0)[:3]), 0, shape).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)[:3]) + 1, low, shape).astype(int)
        here: NDArray[np.float32] = ndimage.affine_transform(
            chance,
            to_window[:3, :3],
            to_window[:3, :3] @ low + to_window[:3, 3],
            tuple((high - low).tolist()),
            output=np.float32,
            order=1,
            mode="constant",
        )
        return tuple(
            slice(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)
        ), here

    def likeliest_of(self, labels: Sequence[int], points_mm: Array) -> NDArray[np.uint8]:
        """Give the likeliest of some classes at each point, (n, 3), of the world."""
        to_window = np.linalg.inv(self.frame @ self.window.centring)
        voxels = (points_mm @ to_window[:3, :3].T + to_window[:3, 3]).astype(np.float32).T
        chances = [
            ndimage.map_coordinates(self.chances[label], voxels, order=1, mode="nearest")
            for label in labels
        ]
        likeliest: NDArray[np.uint8] = np.array(labels, np.uint8)[np.argmax(chances, axis=0)]
        return likeliest


def look(network: Network, values: NDArray[np.float32], affine: Array, frame: Array) -> Sight:
    """Let a network see an image through its window.

    Parameters
    ----------
    values, affine
        Image averaged to about the spacing that is shown, and its index to world.
    frame
        Where the window lies.
    """
    window = network.window
    shown = scaled(seen(values, affine, window.shown, frame))
    return Sight(network.chances(shown), window, frame, inner(values, affine, window, frame))


def look_closely(
    network: Network, values: NDArray[np.float32], affine: Array, frame: Array
) -> tuple[Sight, Sight]:
    """Let a network see an image, and tell the muscles in the voxels that it is shown.

    Returns
    -------
    sight, muscles
        Of all classes in the window, as `look` gives it; of muscles alone, where 0 is
        whatever is no muscle, in ``window.shown``.
    """
    window = network.window
    shown = scaled(seen(values, affine, window.shown, frame))
    chances, muscles = network.chances_and_muscles(shown)
    return (
        Sight(chances, window, frame, inner(values, affine, window, frame)),
        Sight(muscles, window.shown, frame, inner(values, affine, window.shown, frame)),
    )


def inner(
    values: NDArray[np.float32], affine: Array, window: Window, frame: Array
) -> NDArray[np.bool_]:
    """Tell which voxels of a window lie in the image, and not at its edge."""
    field_of_view = seen(np.ones_like(values), affine, window, frame) > 0.99
    kept: NDArray[np.bool_] = ndimage.binary_erosion(field_of_view)
    return kept
