"""Training feet: cached, and the same for the same seeds."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.skeleton import NEUTRAL
from training import feet
from training.feet import ALL_KINDS, draw_kind, draw_training_shape, training_foot


def test_a_cached_foot_is_not_made_again(
    feet_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the labels and tissues of a foot, on its own grid."""
    monkeypatch.setattr(feet, "make_foot", None)

    foot = training_foot(0, feet_folder)

    assert set(np.unique(foot.truth.muscles.voxels)) <= {0, *MUSCLE_NAMES}
    assert (foot.tissues[foot.truth.muscles.voxels > 0] == Tissue.MUSCLE).all()
    assert foot.grid.spacing_mm == pytest.approx((3.0, 3.0, 3.0))


def test_septa_replace_only_fat(
    coarse_foot: Foot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are thin, and all of one tissue."""
    monkeypatch.setattr(feet, "make_foot", lambda *_: coarse_foot)
    monkeypatch.setattr(feet, "_SEPTATE", 1.0)

    tissues = training_foot(0, tmp_path).tissues

    is_changed = tissues != coarse_foot.tissues
    assert (coarse_foot.tissues[is_changed] == Tissue.FAT).all()
    assert len(np.unique(tissues[is_changed])) == 1
    assert 0.02 < is_changed.sum() / (coarse_foot.tissues == Tissue.FAT).sum() < 0.6


def test_shapes_vary_and_are_reproducible() -> None:
    """Some are atrophied, some fatty; a seed gives one shape."""
    shapes = [draw_training_shape(np.random.default_rng(k)) for k in range(40)]

    atrophied = sum(bool(shape.atrophy) for shape in shapes)
    fatty = sum(max(shape.fat_fractions.values()) > 0.1 for shape in shapes)
    assert 5 < atrophied < 30
    assert 5 < fatty < 30
    again = draw_training_shape(np.random.default_rng(7))
    assert replace(again, atrophy=MappingProxyType({})) == replace(
        shapes[7], atrophy=MappingProxyType({})
    )


def test_all_kinds_are_drawn_equally_often() -> None:
    """An index gives one kind; kinds can be left out."""
    drawn = [draw_kind(1, index, ALL_KINDS) for index in range(200)]

    assert min(drawn.count(kind) for kind in ALL_KINDS) > 30
    assert drawn == [draw_kind(1, index, ALL_KINDS) for index in range(200)]
    few = (FootKind.SPARSE, FootKind.CONTOURED)
    assert {draw_kind(1, index, few) for index in range(40)} == set(few)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_training_foot_has_the_kind_that_was_drawn(kind: FootKind) -> None:
    """Most have their own skeleton."""
    shapes = [draw_training_shape(np.random.default_rng(k), kind) for k in range(20)]

    assert {shape.kind for shape in shapes} == {kind}
    assert 8 < sum(shape.skeleton != NEUTRAL for shape in shapes) < 20
