"""Voxels that a muscle's border cuts, counted by the part of them that is muscle."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.segmenters.network.boundary import (
    FEATURES,
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
class Told:
    """A session that says a third of everything, and keeps what it was asked."""

    asked: list[Array] = field(default_factory=list)

    def run(self, outputs: list[str], fed: dict[str, Array]) -> list[Array]:
        """Answer as onnxruntime does."""
        assert outputs == ["share"]
        self.asked.append(fed["features"])
        assert (fed["labels"] == 2).all()
        return [np.full(len(fed["features"]), 1 / 3, np.float32)]


def part_of(low_mm: float, high_mm: float) -> Array:
    """Give the part of each voxel that lies between two planes across the first axis."""
    places = (np.arange(60 * FINER) + 0.5) * 0.6 / FINER
    inside = ((places > low_mm) & (places < high_mm)).reshape(60, FINER).mean(axis=1)
    return np.broadcast_to(inside[:, None, None], GRID.shape).astype(np.float32)


def soft(part: Array, voxels: float = 2.0) -> Array:
    """Give what a network might say of it."""
    probability: Array = ndimage.gaussian_filter(part, (voxels, 0, 0))
    return probability


def drawn(part: Array, muscle: float = 0.4, before: float = 1.0, behind: float = 0.1) -> Array:
    """Draw muscle with other tissue on either side, and a little noise."""
    front = np.cumsum(part, axis=0) == 0
    image = muscle * part + np.where(front, before, behind) * (1 - part)
    noise = np.random.default_rng(3).normal(0, 0.01, GRID.shape)
    return (image + noise).astype(np.float32)


@pytest.mark.parametrize(
    ("muscle", "before", "behind"), [(0.4, 1.0, 0.05), (0.4, 1.0, 1.0), (0.5, 0.1, 0.1)]
)
def test_the_border_runs_where_brightness_changes(
    muscle: float, before: float, behind: float
) -> None:
    """Not where the network, half a millimetre off, has it."""
    part = part_of(10.8, 24.0)
    off = soft(part_of(10.8 - 0.6, 24.0 + 0.6))
    image = drawn(part, muscle, before, behind)

    found = structure_probability(image, GRID, off, ONE_MUSCLE, load_weights().muscle_boundary)

    assert (off > 0.5).sum() > 1.05 * part.sum()
    assert (found > 0.5).sum() == pytest.approx(part.sum(), rel=0.03)


def test_brightness_is_told_along_the_normal_against_muscle() -> None:
    """0 is muscle's own; 1 is as far from it as other tissue nearby is, on average."""
    part = part_of(10.8, 24.0)
    image, probability = drawn(part, 0.4, 1.0, 1.0), soft(part)

    is_boundary, features = boundary_features(image, GRID, probability)

    first = np.flatnonzero(is_boundary[:, 30, 4])[0]  # outermost, before the muscle
    row = int(np.flatnonzero((np.argwhere(is_boundary) == (first, 30, 4)).all(axis=1))[0])
    assert features.shape == (is_boundary.sum(), FEATURES)
    assert features[row, 0] == pytest.approx(1, abs=0.1)
    along = features[row, 2:16]
    assert along[0] == pytest.approx(1, abs=0.1)  # 3 mm out
    assert along[12] == pytest.approx(0, abs=0.1)  # 3 mm in
    assert along[13] > along[1]  # and more likely muscle there


def test_gain_and_offset_do_not_matter() -> None:
    """No contrast is assumed, so nothing depends on how it is scaled."""
    part = part_of(10.5, 24.18)
    image = drawn(part)

    plain, scaled = (boundary_features(i, GRID, soft(part))[1] for i in (image, 5 * image + 2))

    np.testing.assert_allclose(scaled, plain, atol=1e-3)


def test_storage_order_does_not_matter() -> None:
    """The same voxels in another order of axes have the same features."""
    part = part_of(10.5, 24.18)
    image, probability = drawn(part), soft(part)
    grid = Grid.from_arrays((8, 60, 60), GRID.matrix[:, [2, 1, 0, 3]])

    is_boundary, features = boundary_features(image, GRID, probability)
    turned, others = boundary_features(image.T, grid, probability.T)

    np.testing.assert_array_equal(turned.T, is_boundary)
    order = np.lexsort(np.argwhere(turned).T)  # by the first axis of the plain image first
    np.testing.assert_allclose(others[order], features, atol=1e-4)


def test_slices_are_not_mixed() -> None:
    """The next slice counts by its extremes alone, and farther ones not at all."""
    part, image = part_of(10.5, 24.18), drawn(part_of(10.5, 24.18))
    changed = image.copy()
    changed[..., 5:] = image[:, ::-1, 5:]  # other noise, as much of it

    is_boundary, plain = boundary_features(image, GRID, soft(part))
    _, after = boundary_features(changed, GRID, soft(part))

    slices = np.argwhere(is_boundary)[:, 2]
    changes = [np.abs(after - plain)[slices == k].max(axis=0) for k in (3, 4, 5)]
    assert changes[0].max() < 1e-4
    assert [*np.flatnonzero(changes[1] > 1e-4)] == [21, 22]  # extremes of the slices beside
    assert np.count_nonzero(changes[2] > 0.01) > 10


def test_only_what_the_network_is_unsure_of_is_asked() -> None:
    """The rest keeps its probability."""
    part = part_of(10.5, 24.18)
    probability, told = soft(part), Told()

    found = structure_probability(drawn(part), GRID, probability, ONE_MUSCLE, BoundaryNet(told))

    is_boundary = (probability > 0.03) & (probability < 0.97)
    assert [len(asked) for asked in told.asked] == [is_boundary.sum()]
    np.testing.assert_allclose(found[is_boundary], 1 / 3, rtol=1e-6)
    np.testing.assert_array_equal(found[~is_boundary], probability[~is_boundary])


def test_without_any_belly_the_chance_stands() -> None:
    """There is no muscle to learn brightness from."""
    probability = np.full(GRID.shape, 0.6, np.float32)
    told = Told()

    found = structure_probability(
        np.ones(GRID.shape, np.float32), GRID, probability, ONE_MUSCLE, BoundaryNet(told)
    )

    np.testing.assert_array_equal(found, probability)
    assert not told.asked


def test_an_even_image_is_no_error() -> None:
    """All is as bright as muscle, so nothing is divided by."""
    part = part_of(10.5, 24.18)

    _, features = boundary_features(np.ones(GRID.shape, np.float32), GRID, soft(part))

    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features[:, 0], 0)
