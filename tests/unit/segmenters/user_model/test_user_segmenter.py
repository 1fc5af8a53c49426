"""The segmenter around a user model: labels on the scan's voxels, and what is refused."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from simulated import Simulated
from user_models import by_intensity, loaded, perfect_model

from pipeline.domain.anatomy import (
    CALCANEUS,
    FRAME_BONES,
    METATARSAL_2,
    MUSCLE_NAMES,
    PLANTAR_LABELS,
    TALUS,
)
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError, SegmentationError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.registry import make_segmenter
from pipeline.segmenters.user_model import user_segmenter as own
from pipeline.segmenters.user_model.user_segmenter import UserModelSegmenter
from training.examples import classes_of
from validation.label_overlap import dice, on_grid

FIRST_BONE = len(MUSCLE_NAMES)
INTENSITY = by_intensity()
ORIENTATIONS = [
    "".join(letters)
    for order in permutations(("RL", "AP", "SI"))
    for letters in product(*order)
]


@pytest.fixture(scope="module")
def classes(coarse_foot: Foot) -> Scan:
    """Make an image whose intensity is the true class."""
    return Scan(classes_of(coarse_foot).astype(np.float32), coarse_foot.grid)


def check_truth(segmenter: UserModelSegmenter, scan: Scan, foot: Foot) -> None:
    """Compare labels with the ground truth, voxel by voxel."""
    found = segmenter.segment(scan)
    np.testing.assert_array_equal(found.muscles.voxels, foot.truth.muscles.voxels)
    np.testing.assert_array_equal(found.bones.voxels, foot.truth.bones.voxels)
    assert found.side is Side.RIGHT
    assert found.segmenter == "onnx:mine-1.0"


@pytest.mark.integration
@pytest.mark.parametrize("orientation", ORIENTATIONS[::11])
def test_labels_are_right_in_any_orientation(
    orientation: str, classes: Scan, coarse_foot: Foot
) -> None:
    """Rotated and mirrored for the network, and back again to the voxel."""
    check_truth(
        UserModelSegmenter(loaded(INTENSITY, orientation=orientation)), classes, coarse_foot
    )


@pytest.mark.integration
@pytest.mark.parametrize(
    "changes",
    [{"size_voxels": [40, 64, 32]}, {"size_voxels": [60, 150, 70]}, {"multiple_of": 16}],
)
def test_tiles_and_padding_change_nothing(
    changes: dict[str, object], classes: Scan, coarse_foot: Foot
) -> None:
    """A network that classifies single voxels gives the same labels."""
    check_truth(UserModelSegmenter(loaded(INTENSITY, **changes)), classes, coarse_foot)


@pytest.mark.integration
def test_tiles_have_the_size_that_the_file_takes(classes: Scan, coarse_foot: Foot) -> None:
    """The manifest need not repeat the size of the file."""
    content = by_intensity((1, 1, 48, 56, 64))

    check_truth(UserModelSegmenter(loaded(content)), classes, coarse_foot)


def test_the_mirror_image_is_a_left_foot(classes: Scan) -> None:
    """The side follows from the bones only."""
    mirrored = Grid.from_arrays(
        classes.grid.shape, np.diag((-1.0, 1.0, 1.0, 1.0)) @ classes.grid.matrix
    )

    found = UserModelSegmenter(loaded(INTENSITY)).segment(replace(classes, grid=mirrored))

    assert found.side is Side.LEFT


@pytest.mark.integration
@pytest.mark.parametrize("bone", [CALCANEUS, TALUS, METATARSAL_2])
def test_a_missing_bone_is_refused(bone: int, classes: Scan) -> None:
    """Border and side depend on it."""
    intensity = np.where(classes.intensity == bone + FIRST_BONE, 0, classes.intensity)

    with pytest.raises(
        ScanError, match=r"must (find|include) calcaneus, talus and .* (whole|voxels) of"
    ):
        UserModelSegmenter(loaded(INTENSITY)).segment(replace(classes, intensity=intensity))


def test_a_bone_that_the_image_cuts_is_refused(classes: Scan, coarse_foot: Foot) -> None:
    """The foot frame would depend on half a heel."""
    long = 1
    planes = np.flatnonzero((coarse_foot.truth.bones.voxels == CALCANEUS).any(axis=(0, 2)))
    kept = classes.intensity[:, planes.mean().astype(int) :]
    affine = classes.grid.matrix
    affine[:3, 3] = classes.grid.to_world((0, planes.mean().astype(int), 0))
    assert abs(classes.grid.matrix[1, long]) == pytest.approx(2)
    cut = replace(classes, intensity=kept, grid=Grid.from_arrays(kept.shape, affine))

    with pytest.raises(ScanError, match=r"got not the whole of calcaneus\. Check that the im"):
        UserModelSegmenter(loaded(INTENSITY)).segment(cut)


def test_no_muscle_is_refused(classes: Scan) -> None:
    """There is nothing to measure."""
    is_muscle = (classes.intensity > 0) & (classes.intensity <= FIRST_BONE)
    bare = replace(classes, intensity=np.where(is_muscle, 29, classes.intensity))

    with pytest.raises(SegmentationError, match=r"got none from the model 'onnx:mine-1\.0'"):
        UserModelSegmenter(loaded(INTENSITY)).segment(bare)


def test_two_feet_are_refused(classes: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model cannot tell which one is meant."""
    monkeypatch.setattr(own, "candidate_masks", lambda _: iter((None, None)))

    with pytest.raises(
        ScanError, match=r"got 2 components of tissue.*Crop the image to one foot"
    ):
        UserModelSegmenter(loaded(INTENSITY)).segment(classes)


@pytest.mark.integration
def test_the_intensity_refines_the_boundaries(simulated: Simulated) -> None:
    """Boundaries at 4 mm become finer than predicted; muscle takes precedence over bone."""
    truth = on_grid(simulated.foot.truth.muscles, simulated.scan.grid)

    plain, refined = (
        UserModelSegmenter(perfect_model(simulated, 4.0, refine=refine)).segment(simulated.scan)
        for refine in (False, True)
    )

    true = np.isin(truth, PLANTAR_LABELS)
    rough, fine = (
        dice(np.isin(s.muscles.voxels, PLANTAR_LABELS), true) for s in (plain, refined)
    )
    assert fine > rough + 0.03
    true_bones = on_grid(simulated.foot.truth.bones, simulated.scan.grid)
    for bone in FRAME_BONES:
        rough, fine = (
            dice(s.bones.voxels == bone, true_bones == bone) for s in (plain, refined)
        )
        assert fine > rough + 0.01
    for found in (plain, refined):
        assert not (found.muscles.voxels[found.bones.voxels > 0] > 0).any()


def test_the_segmenter_needs_its_model() -> None:
    """The settings name it."""
    with pytest.raises(ConfigError, match=r"'onnx' needs a model: got none\. Set segment\.mod"):
        make_segmenter("onnx")
