"""The boundary of a muscle, and the features of the voxels near it."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import (
    FEATURES,
    POSSIBLE,
    UNCERTAIN,
    BoundaryNet,
    boundary_features,
    structure_probability,
)
from pipeline.segmenters.network.weights import load_weights

GRID = Grid.from_arrays((60, 60, 8), np.diag((0.6, 0.6, 4.0, 1.0)))
FINER = 10
ONE_MUSCLE = np.full(GRID.shape, 2, np.uint8)
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Third:
    """A session that answers a third for every voxel, and keeps its inputs."""

    inputs: list[Array] = field(default_factory=list)

    def run(self, outputs: list[str], fed: dict[str, Array]) -> list[Array]:
        """Answer as onnxruntime does."""
        assert outputs == ["share"]
        self.inputs.append(fed["features"])
        assert (fed["labels"] == 2).all()
        return [np.full(len(fed["features"]), 1 / 3, np.float32)]


def fraction_of(low_mm: float, high_mm: float) -> Array:
    """Give the fraction of each voxel between two planes perpendicular to the first axis."""
    places = (np.arange(60 * FINER) + 0.5) * 0.6 / FINER
    inside = ((places > low_mm) & (places < high_mm)).reshape(60, FINER).mean(axis=1)
    return np.broadcast_to(inside[:, None, None], GRID.shape).astype(np.float32)


def soft(fraction: Array, voxels: float = 2.0) -> Array:
    """Give what a network might predict."""
    probability: Array = ndimage.gaussian_filter(fraction, (voxels, 0, 0))
    return probability


def drawn(
    fraction: Array, muscle: float = 0.4, before: float = 1.0, behind: float = 0.1
) -> Array:
    """Draw muscle between two other tissues, with a little noise."""
    front = np.cumsum(fraction, axis=0) == 0
    image = muscle * fraction + np.where(front, before, behind) * (1 - fraction)
    noise = np.random.default_rng(3).normal(0, 0.01, GRID.shape)
    return (image + noise).astype(np.float32)


@pytest.mark.parametrize(
    ("muscle", "before", "behind"), [(0.4, 1.0, 0.05), (0.4, 1.0, 1.0), (0.5, 0.1, 0.1)]
)
def test_the_boundary_lies_where_the_intensity_changes(
    muscle: float, before: float, behind: float
) -> None:
    """Not where the network predicts it, half a millimetre off."""
    fraction = fraction_of(10.8, 24.0)
    off = soft(fraction_of(10.8 - 0.6, 24.0 + 0.6))
    image = drawn(fraction, muscle, before, behind)

    found = structure_probability(image, GRID, off, ONE_MUSCLE, load_weights().muscle_boundary)

    assert (off > 0.5).sum() > 1.05 * fraction.sum()
    assert (found > 0.5).sum() == pytest.approx(fraction.sum(), rel=0.03)


def test_fat_that_is_called_muscle_with_confidence_is_left_out() -> None:
    """A strip of 2 mm beside the muscle, and as bright as the fat beyond it."""
    fraction = fraction_of(10.8, 24.0)
    too_wide = soft(fraction_of(8.4, 24.0))

    found = structure_probability(
        drawn(fraction, 0.4, 1.0, 1.0),
        GRID,
        too_wide,
        ONE_MUSCLE,
        load_weights().muscle_boundary,
        POSSIBLE,
    )

    is_strip = (too_wide > 0.9) & (fraction == 0)
    assert is_strip.any()
    assert (found[is_strip] < 0.5).mean() > 0.9
    assert (found[fraction == 1] > 0.5).mean() > 0.97


def test_the_level_is_relative_to_muscle() -> None:
    """0 is that of muscle, 1 the mean difference of the tissue beside it."""
    fraction = fraction_of(10.8, 24.0)
    image, probability = drawn(fraction, 0.4, 1.0, 1.0), soft(fraction)

    is_boundary, features = boundary_features(image, GRID, probability)

    first = np.flatnonzero(is_boundary[:, 30, 4])[0]  # outermost, before the muscle
    row = int(np.flatnonzero((np.argwhere(is_boundary) == (first, 30, 4)).all(axis=1))[0])
    assert features.shape == (is_boundary.sum(), FEATURES)
    assert features[row, 0] == pytest.approx(1, abs=0.1)
    along = features[row, 2:16]
    assert along[0] == pytest.approx(1, abs=0.1)  # 3 mm out
    assert along[12] == pytest.approx(0, abs=0.1)  # 3 mm in
    assert along[13] > along[1]  # where muscle is more probable


def test_gain_and_offset_do_not_matter() -> None:
    """No contrast is assumed, so the scale of the intensity has no effect."""
    fraction = fraction_of(10.5, 24.18)
    image = drawn(fraction)

    plain, scaled = (
        boundary_features(i, GRID, soft(fraction))[1] for i in (image, 5 * image + 2)
    )

    np.testing.assert_allclose(scaled, plain, atol=1e-3)


def test_storage_order_does_not_matter() -> None:
    """The same voxels in another order of axes have the same features."""
    fraction = fraction_of(10.5, 24.18)
    image, probability = drawn(fraction), soft(fraction)
    grid = Grid.from_arrays((8, 60, 60), GRID.matrix[:, [2, 1, 0, 3]])

    is_boundary, features = boundary_features(image, GRID, probability)
    turned, others = boundary_features(image.T, grid, probability.T)

    np.testing.assert_array_equal(turned.T, is_boundary)
    order = np.lexsort(np.argwhere(turned).T)  # by the first axis of the plain image first
    np.testing.assert_allclose(others[order], features, atol=1e-4)


def test_slices_are_not_mixed() -> None:
    """The next slice counts by its extremes only, and farther ones not at all."""
    fraction, image = fraction_of(10.5, 24.18), drawn(fraction_of(10.5, 24.18))
    changed = image.copy()
    changed[..., 5:] = image[:, ::-1, 5:]  # other noise, as much of it

    is_boundary, plain = boundary_features(image, GRID, soft(fraction))
    _, after = boundary_features(changed, GRID, soft(fraction))

    slices = np.argwhere(is_boundary)[:, 2]
    changes = [np.abs(after - plain)[slices == k].max(axis=0) for k in (3, 4, 5)]
    assert changes[0].max() < 1e-4
    assert [*np.flatnonzero(changes[1] > 1e-4)] == [21, 22]  # extremes of the adjacent slices
    assert np.count_nonzero(changes[2] > 0.01) > 10


@pytest.mark.parametrize("within", [UNCERTAIN, POSSIBLE])
def test_only_voxels_within_a_range_are_refined(within: tuple[float, float]) -> None:
    """The others keep their probability."""
    fraction = fraction_of(10.5, 24.18)
    probability, third = soft(fraction), Third()

    found = structure_probability(
        drawn(fraction), GRID, probability, ONE_MUSCLE, BoundaryNet(third), within
    )

    is_boundary = (probability > within[0]) & (probability < within[1])
    assert is_boundary[probability > 0.99].all() == (within == POSSIBLE)
    assert [len(features) for features in third.inputs] == [is_boundary.sum()]
    np.testing.assert_allclose(found[is_boundary], 1 / 3, rtol=1e-6)
    np.testing.assert_array_equal(found[~is_boundary], probability[~is_boundary])


def test_without_a_core_the_probability_is_kept() -> None:
    """There is no muscle whose intensity could be measured."""
    probability = np.full(GRID.shape, 0.6, np.float32)
    third = Third()

    found = structure_probability(
        np.ones(GRID.shape, np.float32), GRID, probability, ONE_MUSCLE, BoundaryNet(third)
    )

    np.testing.assert_array_equal(found, probability)
    assert not third.inputs


def test_a_uniform_image_is_no_error() -> None:
    """Nothing differs from muscle, which must not divide by zero."""
    fraction = fraction_of(10.5, 24.18)

    _, features = boundary_features(np.ones(GRID.shape, np.float32), GRID, soft(fraction))

    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features[:, 0], 0)
