"""The voxels of each muscle."""

import numpy as np
from makers import BLOCK, make_grid, make_labels

from pipeline.domain.anatomy import MUSCLES
from pipeline.stages.measure.belly import bellies


def test_the_voxels_are_those_of_the_label() -> None:
    """Their indices are the same and in the same order as in the whole image."""
    labels = make_labels(make_grid(), {3: BLOCK})

    (belly,) = (b for b in bellies(labels) if b.muscle.index == 3)

    np.testing.assert_array_equal(belly.where, np.nonzero(labels.voxels == 3))
    assert belly.mask.all()
    assert belly.mask.shape == labels.voxels[BLOCK].shape


def test_absent_muscles_have_no_voxels() -> None:
    """Every muscle is given, in the order of the labels."""
    labels = make_labels(make_grid(), {3: BLOCK})

    given = list(bellies(labels))

    assert [b.muscle for b in given] == list(MUSCLES)
    assert [b.muscle.index for b in given if b.mask.any()] == [3]
    assert all(not len(b.where[0]) for b in given if b.muscle.index != 3)
