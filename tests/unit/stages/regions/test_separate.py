"""Separation of muscles into rearfoot and forefoot."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES, PHALANGES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.settings.regions import RegionsParams
from pipeline.stages.regions import regions

BEFORE = Caution("low-similarity", "The scan resembles a foot by 0.85 only.", "segment")


@pytest.fixture
def segmentation() -> Segmentation:
    """Draw a foot of boxes, heel at voxel 2 and first metatarsal from voxel 20 of axis 1."""
    grid = Grid.from_arrays((12, 48, 24), np.diag((3.0, 2.5, 1.3, 1.0)))
    bones = np.zeros(grid.shape, dtype=np.uint8)
    bones[4:7, 2:12, 4:16] = 1
    bones[4:7, 8:14, 18:21] = 2
    bones[2:4, 12:20, 4:10] = 5
    bones[2:4, 20:32, 4:10] = 8
    bones[4:7, 20:33, 8:12] = 9
    bones[8:10, 18:30, 4:10] = 12
    bones[2:10, 34:40, 5:8] = PHALANGES
    muscles = np.zeros(grid.shape, dtype=np.uint8)
    muscles[3:6, 12:28, 6:9] = 1
    return Segmentation(
        LabelMap(muscles, grid, MUSCLE_NAMES),
        LabelMap(bones, grid, BONE_NAMES),
        Side.RIGHT,
        "hand",
        (BEFORE,),
    )


def test_the_border_divides_the_voxels_it_cuts(segmentation: Segmentation) -> None:
    """The metatarsal's face is that of half voxels, so a quarter of voxel 20 is behind."""
    split = regions(segmentation, RegionsParams())

    share = split.rearfoot_fraction[4, :, 7]
    np.testing.assert_allclose(share[12:28], [1] * 8 + [0.25] + [0] * 7, atol=1e-3)
    assert split.landmarks.border.definition == "tmt1"


def test_the_fraction_moves_the_border(segmentation: Segmentation) -> None:
    """From 1.75 to 39.25 are 37.5 voxels; 0.3 of them end in the middle of voxel 13."""
    params = RegionsParams(border="fraction", fraction=0.3)

    share = regions(segmentation, params).rearfoot_fraction[4, :, 7]

    np.testing.assert_allclose(share[12:15], (1, 0.5, 0), atol=1e-3)


def test_earlier_cautions_are_kept(segmentation: Segmentation) -> None:
    """A complete foot adds none."""
    assert regions(segmentation, RegionsParams()).cautions == (BEFORE,)


def test_an_unknown_foot_length_is_a_caution(segmentation: Segmentation) -> None:
    """It comes after those of earlier stages."""
    bones = segmentation.bones
    toeless = replace(bones, voxels=np.where(bones.voxels == PHALANGES, 0, bones.voxels))

    split = regions(replace(segmentation, bones=toeless), RegionsParams())

    assert [c.code for c in split.cautions] == ["low-similarity", "foot-length-unknown"]
    assert "image cuts the heel or the toes" in split.cautions[1].message
    assert split.landmarks.foot_length_mm is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"border": "fraction"}, "go together: got border 'fraction' and fraction None"),
        ({"fraction": 0.5}, "go together: got border 'tmt1' and fraction 0.5"),
        ({"border": "fraction", "fraction": 0.0}, "greater than 0"),
        ({"border": "fraction", "fraction": 1.0}, "less than 1"),
        ({"border": "lisfranc"}, "'tmt1'"),
        ({"boarder": "tmt1"}, "Extra inputs"),
    ],
)
def test_settings_are_checked(wrong: dict[str, object], message: str) -> None:
    """Contradictory, out-of-range and unknown settings are refused."""
    with pytest.raises(ValidationError, match=message):
        RegionsParams.model_validate(wrong)
