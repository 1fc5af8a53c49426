"""The probability of muscle over the scan."""

import numpy as np
import pytest
from boxed_foot import scan_of, split_of

from pipeline.domain.scan import Side
from pipeline.stages.report.probability_map import draw_probability


@pytest.mark.integration
@pytest.mark.parametrize("side", Side)
def test_the_probability_is_drawn_where_there_is_any(side: Side) -> None:
    """Another map gives another picture; the same gives the same bytes."""
    split = split_of(side)
    certain = (split.muscles.voxels > 0).astype(np.float32)
    scan = scan_of(split)

    picture = draw_probability(scan, split, certain)

    assert picture.startswith(b"\x89PNG")
    assert picture == draw_probability(scan, split, certain)
    assert picture != draw_probability(scan, split, certain * np.float32(0.4))
