"""What the networks learn from: the same for the same seeds, and labelled right."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.kind import FootKind
from pipeline.phantom.anatomy.skeleton import STRAIGHT
from pipeline.segmenters.network.patch import COARSE, FINE, Patch
from pipeline.segmenters.network.pose_fit import fit_pose
from pipeline.segmenters.network.prediction import OTHER
from training import feet
from training.examples import draw_examples
from training.feet import ALL_KINDS, draw_kind, draw_training_shape, training_foot
from training.template import FRAME_BONES, bone_centres_mm, bone_sizes, template_mm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep one training foot, in voxels of 3 mm to be quick."""
    kept = tmp_path_factory.mktemp("feet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feet, "SPACING_MM", 3.0)
        training_foot(0, kept)
    return kept


def test_a_foot_on_disk_is_the_foot_that_was_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not made again."""
    monkeypatch.setattr(feet, "make_foot", None)

    foot = training_foot(0, folder)

    assert set(np.unique(foot.truth.muscles.voxels)) <= {0, *MUSCLE_NAMES}
    assert (foot.tissues[foot.truth.muscles.voxels > 0] == Tissue.MUSCLE).all()
    assert foot.grid.spacing_mm == pytest.approx((3.0, 3.0, 3.0))


def test_sheets_run_through_fat_alone(
    coarse_foot: Foot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a heel pad: thin, of one tissue, and no muscle is lost to them."""
    monkeypatch.setattr(feet, "make_foot", lambda *_: coarse_foot)
    monkeypatch.setattr(feet, "_SEPTATE", 1.0)

    tissues = training_foot(0, tmp_path).tissues

    is_changed = tissues != coarse_foot.tissues
    assert (coarse_foot.tissues[is_changed] == Tissue.FAT).all()
    assert len(np.unique(tissues[is_changed])) == 1
    assert 0.02 < is_changed.sum() / (coarse_foot.tissues == Tissue.FAT).sum() < 0.6


def test_shapes_vary_and_are_the_same_again() -> None:
    """Some are wasted, some fatty, some neither; a seed gives one shape."""
    shapes = [draw_training_shape(np.random.default_rng(k)) for k in range(40)]

    wasted = sum(bool(shape.atrophy) for shape in shapes)
    fatty = sum(max(shape.fat_fractions.values()) > 0.1 for shape in shapes)
    assert 5 < wasted < 30
    assert 5 < fatty < 30
    again = draw_training_shape(np.random.default_rng(7))
    assert replace(again, atrophy=MappingProxyType({})) == replace(
        shapes[7], atrophy=MappingProxyType({})
    )


def test_every_kind_is_drawn_and_kinds_can_be_left_out() -> None:
    """As often as one another; each index the same again."""
    drawn = [draw_kind(1, index, ALL_KINDS) for index in range(200)]

    assert min(drawn.count(kind) for kind in ALL_KINDS) > 30
    assert drawn == [draw_kind(1, index, ALL_KINDS) for index in range(200)]
    few = (FootKind.SPARSE, FootKind.CONTOURED)
    assert {draw_kind(1, index, few) for index in range(40)} == set(few)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_training_foot_is_of_its_kind(kind: FootKind) -> None:
    """Unusual, wasted or fatty as it may be; most have skeletons of their own."""
    shapes = [draw_training_shape(np.random.default_rng(k), kind) for k in range(20)]

    assert {shape.kind for shape in shapes} == {kind}
    assert 8 < sum(shape.skeleton != STRAIGHT for shape in shapes) < 20


@pytest.mark.parametrize("window", [COARSE, FINE])
def test_an_example_is_the_same_whoever_asks(window: Patch, folder: Path) -> None:
    """Image and labels, byte for byte; another index gives another image."""
    first, again, other = (draw_examples(k, window, 1, folder)[0] for k in (3, 3, 4))

    assert first.labels.shape == window.shape
    assert first.image.shape == first.muscles.shape == window.input.shape
    assert first.image.tobytes() == again.image.tobytes()
    assert first.labels.tobytes() == again.labels.tobytes()
    assert first.image.tobytes() != other.image.tobytes()
    assert first.labels.max() <= OTHER
    assert np.isfinite(first.image).all()


def test_labels_lie_on_what_is_seen(folder: Path) -> None:
    """Tissue is brighter than air, in the fine window of every view."""
    for example in draw_examples(1, FINE, 1, folder):
        is_tissue = np.kron(example.labels > 0, np.ones(FINE.split)) > 0
        inside, outside = example.image[is_tissue].mean(), example.image[~is_tissue].mean()
        assert is_tissue.mean() > 0.05
        assert inside > 2 * outside


def test_the_fine_window_lies_along_the_foot(coarse_foot: Foot) -> None:
    """The mean foot's bones are where the template has them, but for the lattice."""
    frame, residual_mm = fit_pose(bone_centres_mm(coarse_foot), template_mm())

    assert residual_mm < 0.5
    np.testing.assert_allclose(frame[:3, :3], np.eye(3), atol=0.01)


def test_every_bone_of_the_frame_has_a_place_and_a_size() -> None:
    """The metatarsals are long along the foot."""
    sizes = bone_sizes()

    assert set(sizes) == set(FRAME_BONES)
    assert all(max(sizes[ray]["half_size_mm"]) > 25 for ray in range(8, 13))
