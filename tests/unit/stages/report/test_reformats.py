"""Structures that are interpolated without the rest of their image."""

import numpy as np
from boxed_foot import split_of

from pipeline.stages.report.reformats import (
    DORSAL,
    LONG,
    RIGHTWARD,
    Cut,
    View,
    indices_at,
    sample,
    structures,
)


def test_a_structure_is_interpolated_as_in_the_whole_image() -> None:
    """Its box has a margin, so that it fades into its surroundings."""
    split = split_of(turn_deg=17.0)
    page = View.of(split).world_mm(Cut(LONG, 20.0, RIGHTWARD, DORSAL))
    index = indices_at(split.muscles.grid, page)

    for label, structure in structures(split.muscles).items():
        mask = (split.muscles.voxels == label).astype(np.float32)
        expected = sample(mask, split.muscles.grid, page)
        np.testing.assert_allclose(structure.fraction_at(index), expected, atol=1e-9)
