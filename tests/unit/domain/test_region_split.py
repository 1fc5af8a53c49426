"""Muscles shared out at a plane: against counting of many points in each voxel."""

from dataclasses import replace

import numpy as np
import pytest
from makers import BLOCK, SHAPE, make_frame, make_grid, make_labels, make_landmarks
from makers import make_segmentation as segmented
from numpy.typing import NDArray

from pipeline.domain.anatomy import FOREFOOT, REARFOOT
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.landmarks import FootFrame, to_point
from pipeline.domain.region_split import RegionSplit, share_behind
from pipeline.domain.scan import Side

POINTS = 40  # along each edge of a voxel


def counted_share(grid: Grid, frame: FootFrame, position_mm: float) -> NDArray[np.float64]:
    """Give the part of 64 000 points in each voxel that lie on the heel side."""
    inner = (np.arange(POINTS) + 0.5) / POINTS - 0.5
    offsets = np.stack(np.meshgrid(inner, inner, inner, indexing="ij"), -1).reshape(-1, 3)
    reach = np.sort(offsets @ grid.matrix[:3, :3].T @ frame.long)
    middles = frame.coordinates(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
    return np.searchsorted(reach, position_mm - middles[..., 0]) / len(reach)


def middle_mm(grid: Grid, frame: FootFrame) -> float:
    """Where the middle of the grid lies on the long axis."""
    return float(frame.coordinates(grid.centre_mm)[0])


@pytest.mark.parametrize("grid_turns_deg", [(20, 0, 0), (20, -35, 140)])
@pytest.mark.parametrize("frame_turns_deg", [(11, -7, 25), (0, 0, 90), (60, 30, -50)])
@pytest.mark.parametrize("shift_mm", [-4.3, 0.0, 1.7])
def test_shares_are_those_found_by_counting_points(
    grid_turns_deg: tuple[float, float, float],
    frame_turns_deg: tuple[float, float, float],
    shift_mm: float,
) -> None:
    """Each voxel agrees within the counting error, all together within 0.01 %."""
    grid = make_grid(turns_deg=grid_turns_deg)
    frame = make_frame(turns_deg=frame_turns_deg)
    position_mm = middle_mm(grid, frame) + shift_mm

    share = share_behind(grid, frame, position_mm)
    expected = counted_share(grid, frame, position_mm)
    np.testing.assert_allclose(share, expected, atol=1 / POINTS)
    assert share.sum(dtype=float) == pytest.approx(expected.sum(), rel=1e-4)
    assert ((share > 0) & (share < 1)).any()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("part", [0.02, 0.3, 0.98])
def test_a_plane_along_the_voxel_faces_cuts_one_layer(axis: int, part: float) -> None:
    """Of the layer that it cuts, a part lies behind; others are whole."""
    grid = make_grid(turns_deg=(0, 0, 0))
    direction = grid.matrix[:3, axis] / grid.spacing_mm[axis]
    frame = replace(make_frame((0, 0, 0)), long=to_point(direction))
    index = np.zeros(3)
    index[axis] = 6 - 0.5 + part

    share = share_behind(grid, frame, float(grid.to_world(index) @ direction))
    profile = np.moveaxis(share, axis, 0).reshape(SHAPE[axis], -1)
    expected = np.where(np.arange(SHAPE[axis]) < 6, 1.0, 0.0)
    expected[6] = part
    np.testing.assert_allclose(
        profile, np.broadcast_to(expected[:, None], profile.shape), atol=1e-3
    )


@pytest.mark.parametrize(("shift_mm", "expected"), [(500, 1), (-500, 0)])
def test_a_plane_outside_the_grid_cuts_nothing(
    grid: Grid, shift_mm: float, expected: int
) -> None:
    """All lies on one side of it."""
    frame = make_frame()
    share = share_behind(grid, frame, middle_mm(grid, frame) + shift_mm)

    assert set(np.unique(share).tolist()) == {expected}


def test_what_is_not_behind_is_ahead(grid: Grid) -> None:
    """Looking along the axis from the other end gives the rest of each voxel."""
    frame = make_frame()
    toward_heel = replace(frame, long=to_point(-np.array(frame.long)))
    position_mm = middle_mm(grid, frame) + 0.37

    behind = share_behind(grid, frame, position_mm)
    ahead = share_behind(grid, toward_heel, -position_mm)
    np.testing.assert_allclose(behind + ahead, 1, atol=1e-5)


def test_moving_the_border_moves_its_area_times_the_distance() -> None:
    """In a block as wide as the plane is cut, 1 mm adds 1 mm times the cross-section."""
    grid = make_grid((40, 60, 25), (0.5, 0.7, 3.0), (0, 0, 0))
    frame = make_frame(turns_deg=(8, 0, 0))
    position_mm = middle_mm(grid, frame)

    before, after = (
        share_behind(grid, frame, position_mm + d).sum(dtype=float) for d in (0, 0.5)
    )
    area_mm2 = 40 * 0.5 * 25 * 3.0 / np.cos(np.radians(8))
    gained_mm3 = (after - before) * grid.voxel_volume_mm3
    assert gained_mm3 == pytest.approx(0.5 * area_mm2, rel=1e-4)


@pytest.fixture
def split(grid: Grid) -> RegionSplit:
    """Part a block of muscle near its middle."""
    muscles = make_labels(grid, {3: BLOCK})
    frame = make_frame()
    border_mm = float(frame.coordinates(grid.to_world((6, 12, 7)))[0])
    return RegionSplit.at(segmented(muscles, Side.LEFT), make_landmarks(frame, border_mm))


def test_a_split_lies_at_the_border_of_the_landmarks(split: RegionSplit) -> None:
    """Shares are those of the plane that the landmarks give."""
    landmarks = split.landmarks

    expected = share_behind(split.muscles.grid, landmarks.frame, landmarks.border.position_mm)
    np.testing.assert_array_equal(split.rearfoot_share, expected)


def test_a_split_carries_side_and_cautions(split: RegionSplit) -> None:
    """The side is that of the anatomy; doubts travel on."""
    doubt = Caution("doubt", "One thing is uncertain.", "regions")

    again = RegionSplit.at(split.segmentation, split.landmarks, (doubt,))
    assert (again.side, again.cautions) == (Side.LEFT, (doubt,))


def test_regions_are_drawn_on_muscle_only(split: RegionSplit) -> None:
    """Each muscle voxel is in one of two regions, both are there, others in none."""
    regions = split.region_labels()

    np.testing.assert_array_equal(regions.voxels > 0, split.muscles.voxels > 0)
    assert regions.voxels[split.muscles.voxels > 0].min() == REARFOOT
    assert regions.voxels.max() == FOREFOOT


@pytest.mark.parametrize(("share", "region"), [(0.49, FOREFOOT), (0.5, REARFOOT)])
def test_a_cut_voxel_is_drawn_where_its_larger_part_lies(
    split: RegionSplit, share: float, region: int
) -> None:
    """Halves go to the rearfoot."""
    shares = np.full(SHAPE, share, dtype=np.float32)

    regions = RegionSplit(split.segmentation, split.landmarks, shares).region_labels()
    assert set(np.unique(regions.voxels[BLOCK]).tolist()) == {region}


def test_shares_cannot_be_written(split: RegionSplit) -> None:
    """The array is copied and locked."""
    given = np.full(SHAPE, 0.25, dtype=np.float32)
    again = RegionSplit(split.segmentation, split.landmarks, given)

    given[:] = 1
    assert again.rearfoot_share.max() == 0.25
    with pytest.raises(ValueError, match="read-only"):
        again.rearfoot_share[0, 0, 0] = 1


def test_shares_must_have_the_shape_of_the_muscles(split: RegionSplit) -> None:
    """The message gives both shapes."""
    with pytest.raises(ValueError, match=r"\(23, 31, 16\) but their grid is \(23, 31, 17\)"):
        RegionSplit(split.segmentation, split.landmarks, np.zeros((23, 31, 16), np.float32))


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_shares_must_be_parts_of_one(split: RegionSplit, bad: float) -> None:
    """One share outside 0 to 1 is enough."""
    shares = np.full(SHAPE, 0.5, dtype=np.float32)
    shares[3, 4, 5] = bad

    with pytest.raises(ValueError, match=r"Shares must lie in 0 to 1, got (-0\.1|0\.5|nan)"):
        RegionSplit(split.segmentation, split.landmarks, shares)
