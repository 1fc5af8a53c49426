"""Removal of small components of muscle."""

import numpy as np

from pipeline.phantom.anatomy.foot import Tissue
from pipeline.phantom.anatomy.small_components import remove_small_components


def test_a_small_component_becomes_fat_and_a_large_one_stays() -> None:
    """Of one label, 8 mm3 are removed and 125 mm3 stay; another label is not affected."""
    muscles = np.zeros((12, 13, 14), dtype=np.uint8)
    muscles[1:6, 1:6, 1:6] = 3
    muscles[8:10, 8:10, 8:10] = 3
    muscles[1:6, 6:11, 1:6] = 5
    tissues = np.where(muscles > 0, Tissue.MUSCLE, Tissue.SKIN).astype(np.uint8)

    remove_small_components(tissues, muscles, 1.0)

    assert (muscles == 3).sum() == 125
    assert (muscles == 5).sum() == 125
    assert (tissues[8:10, 8:10, 8:10] == Tissue.FAT).all()
    assert (tissues == Tissue.FAT).sum() == 8
