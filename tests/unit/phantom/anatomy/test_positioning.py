"""Two feet in one image."""

import numpy as np
import pytest
from small_foot import make_foot, take

from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.positioning import place_beside, random_pose


def extent_mm(foot: Foot) -> tuple[float, float]:
    """Give the foot's lowest and highest position across the body."""
    points = foot.grid.to_world(np.argwhere(foot.tissues))
    return float(points[:, 0].min()), float(points[:, 0].max())


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_feet_lie_side_by_side_with_a_gap(side: Side, seed: int) -> None:
    """The right foot lies to the right of the gap, in any pose."""
    rng = np.random.default_rng(seed)
    foot, other = (make_foot(s).moved(random_pose(rng, s)) for s in (side, side.opposite))
    pair = {f.side: f for f in (foot, place_beside(other, foot, gap_mm=6.0))}

    gap_mm = extent_mm(pair[Side.RIGHT])[0] - extent_mm(pair[Side.LEFT])[1]
    assert gap_mm == pytest.approx(6.0)
    assert pair[side] is foot


def test_two_feet_of_one_side_are_refused() -> None:
    """The message gives the side."""
    with pytest.raises(ValueError, match="a left and a right one, got two right feet"):
        place_beside(make_foot(), make_foot())


def test_both_feet_are_in_the_image_with_their_full_signal() -> None:
    """Twice the signal of one foot, with air between them."""
    foot = make_foot()
    other = place_beside(make_foot(Side.LEFT), foot, gap_mm=8.0)

    one, both = take(foot), take(foot, beside=other)
    single, double = (s.intensity.sum(dtype=float) for s in (one, both))
    assert double == pytest.approx(2 * single, rel=0.03)
    across = both.intensity[:, 8, 4]
    bright = np.flatnonzero(np.diff((across > across.max() / 2).astype(int)))
    assert len(bright) == 4
