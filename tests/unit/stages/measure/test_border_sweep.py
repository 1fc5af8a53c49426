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
    """Put one muscle across a border at a place on the long axis."""
    muscles = make_labels(make_grid(), ABH_IN_BLOCK)
    landmarks = make_landmarks(make_frame(), border_mm)
    return RegionSplit.at(make_segmentation(muscles), landmarks)


def test_each_step_is_what_a_split_there_would_be() -> None:
    """Moving the border and parting the foot anew are the same."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    for offset_mm, rearfoot_cm3 in zip(sweep["offset_mm"], sweep["rearfoot_cm3"], strict=True):
        split = make_split(BORDER_MM + offset_mm)
        share = split.rearfoot_share[split.muscles.voxels == 1].sum(dtype=float)
        assert rearfoot_cm3 == pytest.approx(share * 0.5 * 0.7 * 3.0 / 1e3, rel=1e-5)
    assert sweep["rearfoot_cm3"].is_monotonic_increasing
    assert 0 < sweep["rearfoot_cm3"].iloc[0] < sweep["rearfoot_cm3"].iloc[-1]


def test_the_total_stays() -> None:
    """What the rearfoot gains the forefoot loses."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    whole_cm3 = 6 * 15 * 11 * 0.5 * 0.7 * 3.0 / 1e3
    np.testing.assert_allclose(sweep["rearfoot_cm3"] + sweep["forefoot_cm3"], whole_cm3)


def test_muscles_that_are_not_chosen_do_not_count() -> None:
    """A foot without any chosen muscle has zero on both sides."""
    sweep = sweep_border(make_split(BORDER_MM), ("FDB",))

    assert (sweep[["rearfoot_cm3", "forefoot_cm3"]] == 0).all(axis=None)
    assert tuple(sweep["offset_mm"]) == OFFSETS_MM
