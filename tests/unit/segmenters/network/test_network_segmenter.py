"""The network segmenter around its network, which here predicts the ground truth."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import oracle, use, weights_without_networks
from scipy import ndimage
from simulated import GAP, LONG, Simulated, both_feet, cropped, planes_of

from pipeline.domain.anatomy import CALCANEUS, METATARSAL_1, PLANTAR_LABELS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network import localisation
from pipeline.segmenters.network import network_segmenter as network
from pipeline.segmenters.network.bone_shape import BoneShape
from pipeline.segmenters.network.localisation import MAX_BONE_DISTANCE
from pipeline.segmenters.network.network_segmenter import (
    USUAL_BONE_DISTANCE,
    NetworkSegmenter,
)
from pipeline.segmenters.network.prediction import Prediction
from validation.label_overlap import dice, on_grid

pytestmark = pytest.mark.integration

MIRROR = np.diag((-1.0, 1.0, 1.0, 1.0))
Known = Callable[..., None]


@pytest.fixture(scope="module", autouse=True)
def _weights() -> Iterator[None]:
    weights = weights_without_networks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "load_weights", lambda: weights)
        yield


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """Give a function that lets the networks predict some feet."""

    def these(*feet: Foot, confidence: float = 1.0) -> None:
        use(monkeypatch, oracle(*feet, confidence=confidence))

    return these


@pytest.fixture(scope="module")
def labelled(simulated: Simulated) -> Segmentation:
    """Segment the simulated scan by a network that predicts its ground truth, once."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, oracle(simulated.foot))
        return NetworkSegmenter().segment(simulated.scan)


def moved(scan: Scan, transform: np.ndarray) -> Scan:
    """Place the same voxels elsewhere in the world."""
    return replace(scan, grid=Grid.from_arrays(scan.grid.shape, transform @ scan.grid.matrix))


def test_a_network_that_is_right_gives_the_truth(
    simulated: Simulated, labelled: Segmentation
) -> None:
    """Resampling to the patch and back loses little."""
    true_muscles = on_grid(simulated.foot.truth.muscles, simulated.scan.grid)
    true_bones = on_grid(simulated.foot.truth.bones, simulated.scan.grid)

    found = np.isin(labelled.muscles.voxels, PLANTAR_LABELS)
    assert dice(found, np.isin(true_muscles, PLANTAR_LABELS)) > 0.9
    assert dice(labelled.bones.voxels > 0, true_bones > 0) > 0.9
    assert labelled.side is Side.RIGHT
    assert labelled.segmenter == "network"
    assert labelled.cautions == ()


def test_every_voxel_has_its_probability(labelled: Segmentation) -> None:
    """Voxels above a half are labelled as muscle, and no others."""
    probability = labelled.probability

    assert probability is not None
    assert 0 <= probability.min() <= probability.max() <= 1
    np.testing.assert_array_equal(labelled.muscles.voxels > 0, probability > 0.5)


def test_a_foot_is_recognised_without_labels(
    simulated: Simulated, labelled: Segmentation, known: Known
) -> None:
    """With side, cautions and confidence."""
    known(simulated.foot, confidence=0.9)

    recognition = NetworkSegmenter().recognise(simulated.scan)

    assert recognition.side is labelled.side
    assert recognition.likeness == pytest.approx(0.9, abs=1e-6)
    assert recognition.cautions == ()


def test_bones_and_muscles_do_not_overlap(labelled: Segmentation) -> None:
    """A voxel is one or the other."""
    assert not (labelled.muscles.voxels[labelled.bones.voxels > 0] > 0).any()


def test_the_mirror_image_is_a_left_foot(
    simulated: Simulated, labelled: Segmentation, known: Known
) -> None:
    """The same voxels in a mirrored world: only the side changes."""
    known(simulated.foot.moved(MIRROR))

    found = NetworkSegmenter().segment(moved(simulated.scan, MIRROR))

    assert found.side is Side.LEFT
    assert dice(found.muscles.voxels > 0, labelled.muscles.voxels > 0) > 0.98


def test_a_foot_is_found_whatever_the_header_says(
    simulated: Simulated, labelled: Segmentation, known: Known
) -> None:
    """Rotations by right angles are tried if the orientation of the header does not fit."""
    turn = np.array([[0, 0, 1.0, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    known(simulated.foot.moved(turn))

    found = NetworkSegmenter().segment(moved(simulated.scan, turn))

    assert found.side is Side.RIGHT
    assert dice(found.muscles.voxels > 0, labelled.muscles.voxels > 0) > 0.97


def two_feet(simulated: Simulated) -> tuple[Foot, Foot]:
    """Give the ground truth of `both_feet`: the right one, and its mirror image beside it."""
    grid = simulated.scan.grid
    width = grid.shape[0]
    aside, mirrored = np.eye(4), np.diag((-1.0, 1.0, 1.0, 1.0))
    aside[0, 3], mirrored[0, 3] = width + GAP, width - 1
    to_grid = np.linalg.inv(grid.matrix)
    right, left = (grid.matrix @ m @ to_grid for m in (aside, mirrored))
    return simulated.foot.moved(right), simulated.foot.moved(left)


@pytest.mark.parametrize("side", [Side.LEFT, pytest.param(Side.RIGHT, marks=pytest.mark.slow)])
def test_of_two_feet_the_requested_one_is_measured(
    side: Side, simulated: Simulated, labelled: Segmentation, known: Known
) -> None:
    """Its labels are those that it has alone; the other foot has none."""
    known(*two_feet(simulated))
    width = simulated.scan.grid.shape[0]

    found = NetworkSegmenter().segment(replace(both_feet(simulated.scan), side=side))

    halves = {Side.LEFT: found.muscles.voxels[:width][::-1]}
    halves[Side.RIGHT] = found.muscles.voxels[width + GAP :]
    assert found.side is side
    assert not halves[side.opposite].any()
    assert dice(halves[side] > 0, labelled.muscles.voxels > 0) > 0.95


def test_two_feet_and_no_side_are_refused(simulated: Simulated, known: Known) -> None:
    """The message says what was found and how to choose."""
    known(*two_feet(simulated))

    with pytest.raises(ScanError, match=r"got 2 feet, by anatomy left, right, .* not given"):
        NetworkSegmenter().segment(both_feet(simulated.scan))


def test_an_image_without_bones_of_a_foot_is_refused(
    simulated: Simulated, known: Known
) -> None:
    """In any orientation."""
    known()

    with pytest.raises(
        ScanError, match=r"must show a foot: got one component.*no bones of a foot"
    ):
        NetworkSegmenter().segment(simulated.scan)


def test_low_confidence_is_refused(simulated: Simulated, known: Known) -> None:
    """The bones fit, but their probability is low."""
    known(simulated.foot, confidence=0.55)

    with pytest.raises(
        ScanError,
        match=r"a distance of \d\.\d\d SD from those of feet, .* confidence be at least 0\.6",
    ):
        NetworkSegmenter().segment(simulated.scan)


def test_moderate_confidence_is_a_caution(simulated: Simulated, known: Known) -> None:
    """Between what is refused and what is good."""
    known(simulated.foot, confidence=0.7)

    found = NetworkSegmenter().segment(simulated.scan)

    assert [c.code for c in found.cautions] == ["low-certainty"]


def test_unusual_bones_are_a_caution(
    simulated: Simulated, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Farther from the mean than those of nearly all feet, but not refused."""
    known(simulated.foot)
    between = (MAX_BONE_DISTANCE + USUAL_BONE_DISTANCE) / 2
    monkeypatch.setattr(BoneShape, "distance", lambda *_: between)

    (caution,) = NetworkSegmenter().segment(simulated.scan).cautions

    assert caution.code == "unusual-bones"
    words = rf"distance of {between:.2f} SD from those of feet .* at most .* look at the labels"
    assert re.search(words, caution.message)


def test_stretched_bones_are_a_caution(
    simulated: Simulated, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a wrong voxel size in the header makes them."""
    known(simulated.foot)
    monkeypatch.setattr(localisation, "relative_stretch", lambda *_: 1.8)

    (caution,) = NetworkSegmenter().recognise(simulated.scan).cautions

    assert caution.code == "stretched-bones"
    words = r"stretched 1\.80 times .* at most 1\.65 times.*check the voxel size"
    assert re.search(words, caution.message)


def test_bones_unlike_those_of_feet_are_refused(
    simulated: Simulated, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However confident the network is."""
    known(simulated.foot)
    monkeypatch.setattr(BoneShape, "distance", lambda *_: MAX_BONE_DISTANCE + 0.5)

    words = r"must show a foot: got .* distance of \d\.\d\d SD .* must lie within .* Check that"
    with pytest.raises(ScanError, match=words):
        NetworkSegmenter().segment(simulated.scan)


def test_a_muscle_volume_that_intensity_changes_is_a_caution(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network predicts only the core of each muscle, and the intensity adds the rest."""
    clear = oracle(simulated.foot)

    def narrow(*args: Any) -> Prediction:
        prediction = clear(*args)
        for muscle in range(1, 13):
            thin = ndimage.binary_erosion(prediction.labels == muscle)
            prediction.probabilities[muscle][(prediction.labels == muscle) & ~thin] = 0.4
        return replace(prediction)

    use(monkeypatch, narrow)

    found = NetworkSegmenter().segment(simulated.scan)

    assert "brightness-differs" in [c.code for c in found.cautions]
    assert any("more muscle than by the network alone" in c.message for c in found.cautions)


def test_a_foot_without_muscle_is_refused(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to measure."""
    clear = oracle(simulated.foot)

    def blind(*args: Any) -> Prediction:
        prediction = clear(*args)
        prediction.probabilities[1:13] = 0
        return replace(prediction)  # without the cached labels

    use(monkeypatch, blind)

    with pytest.raises(SegmentationError, match=r"must show muscle: got none"):
        NetworkSegmenter().segment(simulated.scan)


@pytest.mark.parametrize(
    ("bone", "words"),
    [
        (CALCANEUS, r"got \d+% of the calcaneus\. Scan again"),
        (METATARSAL_1, r"got \d+% of the metatarsal 1.* heel to toes"),
    ],
)
def test_a_foot_cut_off_is_refused(
    bone: int, words: str, simulated: Simulated, known: Known
) -> None:
    """The message names the bone and how much of it is in the image."""
    known(simulated.foot)
    first, last = planes_of(simulated.foot.truth.bones, bone, simulated.scan.grid)
    middle = (first + last) // 2
    kept = slice(middle, None) if bone == CALCANEUS else slice(0, middle)

    with pytest.raises(ScanError, match=words):
        NetworkSegmenter().segment(cropped(simulated.scan, LONG, kept))
