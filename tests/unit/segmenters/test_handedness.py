"""The side of a foot from its bones."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from pipeline.domain.anatomy import (
    BONE_NAMES,
    CALCANEUS,
    METATARSAL_1,
    METATARSAL_2,
    METATARSAL_5,
    TALUS,
)
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.errors import ScanError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.handedness import side_of_bones

PLACES = {
    CALCANEUS: (5, 0),
    TALUS: (5, 5),
    METATARSAL_1: (2, 15),
    METATARSAL_2: (5, 15),
    METATARSAL_5: (8, 15),
}


def bones(*, ankle_height: int = 4, affine: ArrayLike | None = None) -> LabelMap:
    """Draw one voxel for each bone, in a plane but for the talus."""
    voxels = np.zeros((20, 20, 6), np.uint8)
    for label, place in PLACES.items():
        voxels[(*place, 1 if label != TALUS else ankle_height)] = label
    grid = Grid.from_arrays(voxels.shape, np.eye(4) if affine is None else affine)
    return LabelMap(voxels, grid, BONE_NAMES)


def test_the_big_toe_is_medial() -> None:
    """With the big toe at the left of the image it is a right foot; mirrored, a left one."""
    assert side_of_bones(bones()) is Side.RIGHT
    assert side_of_bones(bones(affine=np.diag((-1.0, 1, 1, 1)))) is Side.LEFT


def test_a_digital_foot_is_a_right_one(coarse_foot: Foot) -> None:
    """As it was made."""
    assert side_of_bones(coarse_foot.truth.bones) is Side.RIGHT


def test_bones_in_a_plane_tell_no_side() -> None:
    """No side is better than a guess."""
    with pytest.raises(ScanError, match=r"nearly in one plane\. Look at the bone labels"):
        side_of_bones(bones(ankle_height=1))


@pytest.mark.integration
@pytest.mark.parametrize("bone", PLACES)
def test_a_missing_bone_is_refused(bone: int) -> None:
    """The message names it."""
    whole = bones()
    voxels = np.where(whole.voxels == bone, 0, whole.voxels)

    words = rf"must include calcaneus, talus and .* got no voxels of {BONE_NAMES[bone]}\. Check"
    with pytest.raises(ScanError, match=words):
        side_of_bones(LabelMap(voxels, whole.grid, BONE_NAMES))
