"""Volumes with the border moved."""

import numpy as np
import pytest
from makers import BLOCK, make_frame, make_grid, make_labels, make_landmarks, make_segmentation

from pipeline.domain.region_split import RegionSplit
from pipeline.stages.measure.border_sweep import (
    OFFSETS_MM,
    sweep_border,
)

ABH_IN_BLOCK = {1: BLOCK}


BORDER_MM = 24.0


def make_split(border_mm: float) -> RegionSplit:
    """Make one muscle that a border at this position cuts."""
    muscles = make_labels(make_grid(), ABH_IN_BLOCK)
    landmarks = make_landmarks(make_frame(), border_mm)
    return RegionSplit.at(make_segmentation(muscles), landmarks)


def test_each_offset_equals_a_split_there() -> None:
    """The sweep agrees with regions that are separated at the moved border."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    for offset_mm, rearfoot_cm3 in zip(sweep["offset_mm"], sweep["rearfoot_cm3"], strict=True):
        split = make_split(BORDER_MM + offset_mm)
        share = split.rearfoot_fraction[split.muscles.voxels == 1].sum(dtype=float)
        assert rearfoot_cm3 == pytest.approx(share * 0.5 * 0.7 * 3.0 / 1e3, rel=1e-5)
    assert sweep["rearfoot_cm3"].is_monotonic_increasing
    assert 0 < sweep["rearfoot_cm3"].iloc[0] < sweep["rearfoot_cm3"].iloc[-1]


def test_the_total_does_not_change() -> None:
    """The gain of the rearfoot is the loss of the forefoot."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    whole_cm3 = 6 * 15 * 11 * 0.5 * 0.7 * 3.0 / 1e3
    np.testing.assert_allclose(sweep["rearfoot_cm3"] + sweep["forefoot_cm3"], whole_cm3)


def test_muscles_that_are_not_chosen_are_not_summed() -> None:
    """A foot without any chosen muscle has zero on both sides."""
    sweep = sweep_border(make_split(BORDER_MM), ("FDB",))

    assert (sweep[["rearfoot_cm3", "forefoot_cm3"]] == 0).all(axis=None)
    assert tuple(sweep["offset_mm"]) == OFFSETS_MM
