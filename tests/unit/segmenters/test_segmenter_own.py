"""A user's own network: labels come back to the voxels, however the network sees the scan."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from own_models import by_brightness, knowing, loaded
from simulated import PLANTAR, Simulated

from pipeline.domain.anatomy import CALCANEUS, FRAME_BONES, METATARSAL_2, MUSCLE_NAMES, TALUS
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError, SegmentationError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters import make_segmenter
from pipeline.segmenters.user_model import user_segmenter as own
from pipeline.segmenters.user_model.onnx import laid, normalised
from pipeline.segmenters.user_model.user_segmenter import OwnSegmenter, side_of_bones
from training.examples import classes_of
from validation.label_overlap import dice, on_grid

FIRST_BONE = len(MUSCLE_NAMES)
BRIGHTNESS = by_brightness()
ORIENTATIONS = [
    "".join(letters)
    for order in permutations(("RL", "AP", "SI"))
    for letters in product(*order)
]


@pytest.fixture(scope="module")
def classes(coarse_foot: Foot) -> Scan:
    """Make an image whose brightness is the true class."""
    return Scan(classes_of(coarse_foot).astype(np.float32), coarse_foot.grid)


def check_truth(found_by: OwnSegmenter, scan: Scan, foot: Foot) -> None:
    """Hold labels to the truth, voxel by voxel."""
    found = found_by.segment(scan)
    np.testing.assert_array_equal(found.muscles.voxels, foot.truth.muscles.voxels)
    np.testing.assert_array_equal(found.bones.voxels, foot.truth.bones.voxels)
    assert found.side is Side.RIGHT
    assert found.segmenter == "onnx:mine-1.0"


@pytest.mark.parametrize("orientation", ORIENTATIONS[::11])
def test_labels_come_back_from_any_orientation(
    orientation: str, classes: Scan, coarse_foot: Foot
) -> None:
    """Turned and mirrored for the network, and back again to the voxel."""
    check_truth(OwnSegmenter(loaded(BRIGHTNESS, orientation=orientation)), classes, coarse_foot)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_network_is_shown_what_its_record_asks_for(orientation: str, grid: Grid) -> None:
    """Its axes lead where the letters say, as nearly as the scan's own axes do."""
    record = loaded(BRIGHTNESS, orientation=orientation, spacing_mm=[0.5, 1.0, 1.5]).record

    frame, shape, target_mm = laid(grid, record)

    ahead = {"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}
    for axis, letter in enumerate(orientation):
        direction = frame[:3, axis] / (0.5, 1.0, 1.5)[axis]
        assert np.linalg.norm(direction) == pytest.approx(1)
        assert abs(direction[ahead[letter]]) > 0.9
        assert (direction[ahead[letter]] > 0) == (letter in "RAS")
    extent_mm = np.array(shape) * (0.5, 1.0, 1.5)
    whole_mm = sorted(np.array(grid.shape) * grid.spacing_mm)
    assert (sorted(extent_mm) >= np.array(whole_mm) - 1e-6).all()
    assert sorted(target_mm) == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    "changes",
    [{"size_voxels": [40, 64, 32]}, {"size_voxels": [60, 150, 70]}, {"multiple_of": 16}],
)
def test_tiles_and_padding_change_nothing(
    changes: dict[str, object], classes: Scan, coarse_foot: Foot
) -> None:
    """A network that looks at single voxels gives the same labels."""
    check_truth(OwnSegmenter(loaded(BRIGHTNESS, **changes)), classes, coarse_foot)


def test_tiles_are_of_the_size_that_the_file_takes(classes: Scan, coarse_foot: Foot) -> None:
    """The file's own size need not stand in the record."""
    content = by_brightness((1, 1, 48, 56, 64))

    check_truth(OwnSegmenter(loaded(content)), classes, coarse_foot)


def test_the_mirror_image_is_a_left_foot(classes: Scan) -> None:
    """The bones tell the side, and nothing else is asked."""
    mirrored = Grid.from_arrays(
        classes.grid.shape, np.diag((-1.0, 1.0, 1.0, 1.0)) @ classes.grid.matrix
    )

    found = OwnSegmenter(loaded(BRIGHTNESS)).segment(replace(classes, grid=mirrored))

    assert found.side is Side.LEFT


@pytest.mark.parametrize("bone", [CALCANEUS, TALUS, METATARSAL_2])
def test_a_bone_that_is_not_found_is_refused(bone: int, classes: Scan) -> None:
    """Border and side rest on it."""
    intensity = np.where(classes.intensity == bone + FIRST_BONE, 0, classes.intensity)

    with pytest.raises(ScanError, match=r"must find calcaneus, talus and .* (whole|voxels) of"):
        OwnSegmenter(loaded(BRIGHTNESS)).segment(replace(classes, intensity=intensity))


def test_a_bone_that_the_image_cuts_is_refused(classes: Scan, coarse_foot: Foot) -> None:
    """The frame would rest on half a heel."""
    long = 1
    planes = np.flatnonzero((coarse_foot.truth.bones.voxels == CALCANEUS).any(axis=(0, 2)))
    kept = classes.intensity[:, planes.mean().astype(int) :]
    affine = classes.grid.matrix
    affine[:3, 3] = classes.grid.to_world((0, planes.mean().astype(int), 0))
    assert abs(classes.grid.matrix[1, long]) == pytest.approx(2)
    cut = replace(classes, intensity=kept, grid=Grid.from_arrays(kept.shape, affine))

    with pytest.raises(ScanError, match=r"got not the whole of calcaneus\. Check that the im"):
        OwnSegmenter(loaded(BRIGHTNESS)).segment(cut)


def test_bones_in_a_plane_tell_no_side() -> None:
    """Better no side than a guess."""
    bones = np.zeros((20, 20, 3), np.uint8)
    for label, place in {1: (5, 0), 2: (5, 5), 8: (2, 15), 9: (5, 15), 12: (8, 15)}.items():
        bones[(*place, 1)] = label

    with pytest.raises(ScanError, match=r"nearly in one plane\. Look at what the model labels"):
        side_of_bones(bones, Grid.from_arrays(bones.shape, np.eye(4)))


def test_no_muscle_is_refused(classes: Scan) -> None:
    """There is nothing to measure."""
    is_muscle = (classes.intensity > 0) & (classes.intensity <= FIRST_BONE)
    bare = replace(classes, intensity=np.where(is_muscle, 29, classes.intensity))

    with pytest.raises(SegmentationError, match=r"got none from the model 'onnx:mine-1\.0'"):
        OwnSegmenter(loaded(BRIGHTNESS)).segment(bare)


def test_two_feet_are_refused(classes: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one is meant is not for the model to say."""
    monkeypatch.setattr(own, "single_feet", lambda _: iter((None, None)))

    with pytest.raises(ScanError, match=r"got 2 pieces of tissue.*Crop the image to one foot"):
        OwnSegmenter(loaded(BRIGHTNESS)).segment(classes)


def test_the_scans_brightness_refines_the_borders(simulated: Simulated) -> None:
    """Borders of 4 mm come out finer than the network gave them; bones give way to muscle."""
    truth = on_grid(simulated.foot.truth.muscles, simulated.scan.grid)

    plain, refined = (
        OwnSegmenter(knowing(simulated, 4.0, refine=refine)).segment(simulated.scan)
        for refine in (False, True)
    )

    true = np.isin(truth, PLANTAR)
    rough, fine = (dice(np.isin(s.muscles.voxels, PLANTAR), true) for s in (plain, refined))
    assert fine > rough + 0.03
    true_bones = on_grid(simulated.foot.truth.bones, simulated.scan.grid)
    for bone in FRAME_BONES:
        rough, fine = (
            dice(s.bones.voxels == bone, true_bones == bone) for s in (plain, refined)
        )
        assert fine > rough + 0.01
    for found in (plain, refined):
        assert not (found.muscles.voxels[found.bones.voxels > 0] > 0).any()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"normalisation": "none"}, [0, 2, 6]),
        ({"normalisation": "zscore"}, [-1, -0.5, 0.5]),
        ({"normalisation": "percentile", "percentiles": [0, 50]}, [0, 0.5, 1]),
    ],
)
def test_brightness_is_scaled_by_the_scans_own(
    changes: dict[str, object], expected: list[float]
) -> None:
    """Not by what is shown, which may be a tile or padded with air."""
    shown = np.array([0, 2, 6], np.float32)[:, None, None]
    intensity = np.array([0, 0, 4, 8, 8], np.float32)
    if changes["normalisation"] == "zscore":
        intensity = np.array([0, 8], np.float32)

    found = normalised(shown, intensity, loaded(BRIGHTNESS, **changes).record)

    np.testing.assert_allclose(found.ravel(), expected)


def test_the_segmenter_needs_its_model() -> None:
    """The settings say which."""
    with pytest.raises(ConfigError, match=r"'onnx' needs a model: got none\. Set segment\.mod"):
        make_segmenter("onnx")
