"""The slice grid: orientation, obliquity, field of view."""

from dataclasses import replace

import numpy as np
import pytest
from small_foot import BARE, make_foot, take

from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.protocols import Orientation
from pipeline.phantom.anatomy.foot import Tissue

# Where the three array axes point in the world: R 0, A 1, S 2.
POINTING = {
    Orientation.SHORT_AXIS: [0, 2, 1],
    Orientation.AXIAL: [0, 1, 2],
    Orientation.SAGITTAL: [1, 2, 0],
}


@pytest.mark.parametrize("orientation", Orientation)
@pytest.mark.parametrize("side", Side)
def test_array_axes_follow_the_orientation(orientation: Orientation, side: Side) -> None:
    """Every array axis points to R, A or S, for both sides."""
    scan = take(make_foot(side), replace(BARE, orientation=orientation))

    directions = scan.grid.matrix[:3, :3] / scan.grid.spacing_mm
    np.testing.assert_allclose(directions, np.eye(3)[:, POINTING[orientation]], atol=1e-12)
    assert scan.grid.spacing_mm == pytest.approx((0.7, 0.7, 4.0))


@pytest.mark.parametrize("orientation", Orientation)
def test_the_whole_foot_is_in_the_image(orientation: Orientation) -> None:
    """Every tissue voxel lies in the oblique, tilted image."""
    protocol = replace(BARE, orientation=orientation, oblique_deg=20, slice_spacing_mm=3.0)
    foot = make_foot()

    scan = take(foot, protocol, tilt_deg=5)
    inside = scan.grid.to_index(foot.grid.to_world(np.argwhere(foot.tissues)))
    assert inside.min() >= -0.5
    assert (inside <= np.array(scan.grid.shape) - 0.5).all()


@pytest.mark.parametrize("oblique_deg", [-35.0, 20.0, 90.0])
def test_oblique_slices_are_rotated_by_their_angle(oblique_deg: float) -> None:
    """The stack direction is rotated by the angle; the first array axis stays."""
    grid = take(make_foot(), replace(BARE, oblique_deg=oblique_deg)).grid

    right, _, along = (grid.matrix[:3, :3] / grid.spacing_mm).T
    assert right == pytest.approx((1, 0, 0))
    angle = np.degrees(np.arctan2(along[2], along[1]))
    assert angle == pytest.approx(oblique_deg)


@pytest.mark.parametrize("orientation", Orientation)
def test_a_short_field_of_view_is_cut_at_heel_and_toes(orientation: Orientation) -> None:
    """8 mm at the heel and 5 mm at the toes; the other axes stay."""
    total = replace(BARE, orientation=orientation, slice_thickness_mm=1.0, slice_spacing_mm=1.0)
    long = POINTING[orientation].index(1)

    full, cut = (
        take(make_foot(), p).grid for p in (total, replace(total, cut_heel_mm=8, cut_toes_mm=5))
    )
    (full_low, full_high), (low, high) = (
        (g.corners_mm().min(axis=0), g.corners_mm().max(axis=0)) for g in (full, cut)
    )
    assert low[1] - full_low[1] == pytest.approx(8, abs=0.01)
    assert full_high[1] - high[1] == pytest.approx(5, abs=1)
    assert (
        full.shape[:long] + full.shape[long + 1 :] == cut.shape[:long] + cut.shape[long + 1 :]
    )


def test_a_field_of_view_that_is_too_short_is_refused() -> None:
    """The message gives both cuts and the length."""
    with pytest.raises(ConfigError, match=r"keep 20 mm.*25 mm cut off at the heel and 8 mm"):
        take(make_foot(), replace(BARE, cut_heel_mm=25, cut_toes_mm=8))


def test_a_sagittal_image_shows_the_foot_from_the_side() -> None:
    """Toes lie at high first indices, the leg at high second indices."""
    foot = make_foot()
    scan = take(foot, replace(BARE, orientation=Orientation.SAGITTAL, slice_thickness_mm=4.0))

    heel, toes = foot.grid.to_world([(11, 9, 15), (11, 46, 15)])
    assert (scan.grid.to_index(toes) - scan.grid.to_index(heel))[0] > 50
    centre = scan.intensity[:, :, scan.grid.shape[2] // 2]
    assert centre[:, -1].max() > 0.9 * centre.max()
    assert centre[:, 0].max() < 0.05 * centre.max()
    assert Tissue.MUSCLE in foot.tissues
