"""The distance of bone centres from those of feet."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.segmenters.network.bone_shape import BoneShape
from pipeline.segmenters.network.localisation import MAX_BONE_DISTANCE
from pipeline.segmenters.network.weights import load_weights

LABELS = (1, 2, 4, 8, 9)
MEAN_MM = np.random.default_rng(5).normal(0, 40, (5, 3))
VARIANCE_MM2 = 4.0


@pytest.fixture
def shape() -> BoneShape:
    """Make a model of five bones that vary independently."""
    return BoneShape(LABELS, MEAN_MM, VARIANCE_MM2 * np.eye(15))


def centres(points: np.ndarray, labels: tuple[int, ...] = LABELS) -> dict[int, np.ndarray]:
    """Give points by label."""
    return dict(zip(labels, points, strict=True))


def test_the_mean_has_no_distance(shape: BoneShape) -> None:
    """Whether all bones are shown or not."""
    assert shape.distance(centres(MEAN_MM)) == 0
    assert shape.distance(centres(MEAN_MM[1:], LABELS[1:])) == 0


@pytest.mark.parametrize("bone", range(5))
@pytest.mark.parametrize("axis", range(3))
def test_every_coordinate_counts(shape: BoneShape, bone: int, axis: int) -> None:
    """Three SD in one of 15 coordinates, of which seven are used up by the pose."""
    moved = MEAN_MM.copy()
    moved[bone, axis] += 3 * np.sqrt(VARIANCE_MM2)

    assert shape.distance(centres(moved)) == pytest.approx(3 / np.sqrt(15 - 7))


def test_missing_bones_are_marginalised() -> None:
    """Two coordinates vary together, and only one of them is known."""
    covariance = VARIANCE_MM2 * np.eye(15)
    covariance[0, 12] = covariance[12, 0] = 0.9 * VARIANCE_MM2
    shape = BoneShape(LABELS, MEAN_MM, covariance)
    moved = MEAN_MM.copy()
    moved[0, 0] += 2.0

    assert shape.distance(centres(moved[:4], LABELS[:4])) == pytest.approx(1 / np.sqrt(5))
    assert shape.distance(centres(moved)) > 2 / np.sqrt(8)


def test_other_bones_are_ignored(shape: BoneShape) -> None:
    """The model knows five of them."""
    assert shape.distance({**centres(MEAN_MM), 14: np.zeros(3)}) == 0


def test_two_bones_are_infinitely_far(shape: BoneShape) -> None:
    """Any two points can be brought onto two others, so they prove nothing."""
    assert shape.distance(centres(MEAN_MM[:2], LABELS[:2])) == np.inf


def test_a_model_is_read_from_text() -> None:
    """A row for each coordinate: bone, mean, and covariance with all coordinates."""
    numbers = np.arange(36.0).reshape(6, 6)
    rows = [
        "\t".join(map(str, (7 + k // 3, k / 2, *row.tolist()))) for k, row in enumerate(numbers)
    ]

    shape = BoneShape.from_tsv("\n".join(["bone\tmean_mm\t...", *rows]).encode())

    assert shape.labels == (7, 8)
    np.testing.assert_array_equal(shape.mean_mm, [[0, 0.5, 1], [1.5, 2, 2.5]])
    np.testing.assert_array_equal(shape.covariance_mm2, numbers)


def test_the_packaged_model_ignores_the_pose() -> None:
    """A mean foot, slightly turned, scaled and moved."""
    weights = load_weights()
    turn = 1.03 * Rotation.from_euler("xyz", (2, -1, 3), degrees=True).as_matrix()
    moved = {label: turn @ c + (3, -4, 5) for label, c in weights.centres_mm.items()}

    before = weights.bone_shape.distance(weights.centres_mm)
    assert before < 1
    assert weights.bone_shape.distance(moved) == pytest.approx(before, abs=0.1)


@pytest.mark.parametrize(
    "exchanged", [(1, 8), (2, 12), (4, 5)], ids=["heel, toes", "ankle, toes", "cuboid, medial"]
)
def test_bones_in_each_others_place_are_refused(exchanged: tuple[int, int]) -> None:
    """Two bones of the mean foot, far apart or adjacent."""
    weights = load_weights()
    centres = dict(weights.centres_mm)
    first, second = exchanged
    centres[first], centres[second] = centres[second], centres[first]

    assert weights.bone_shape.distance(centres) > MAX_BONE_DISTANCE
