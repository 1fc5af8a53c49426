"""Muscles divided at a plane: compared with counts of many points in each voxel."""

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
from pipeline.domain.region_split import RegionSplit, fraction_behind
from pipeline.domain.scan import Side

POINTS = 40  # along each edge of a voxel


def counted_fraction(grid: Grid, frame: FootFrame, position_mm: float) -> NDArray[np.float64]:
    """Give the fraction of 64 000 points in each voxel that are on the heel side."""
    inner = (np.arange(POINTS) + 0.5) / POINTS - 0.5
    offsets = np.stack(np.meshgrid(inner, inner, inner, indexing="ij"), -1).reshape(-1, 3)
    reach = np.sort(offsets @ grid.matrix[:3, :3].T @ frame.long)
    centres = frame.coordinates(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
    return np.searchsorted(reach, position_mm - centres[..., 0]) / len(reach)


def centre_mm(grid: Grid, frame: FootFrame) -> float:
    """Give the position of the centre of the grid along the long axis."""
    return float(frame.coordinates(grid.centre_mm)[0])


@pytest.mark.parametrize("grid_turns_deg", [(20, 0, 0), (20, -35, 140)])
@pytest.mark.parametrize("frame_turns_deg", [(11, -7, 25), (0, 0, 90), (60, 30, -50)])
@pytest.mark.parametrize("shift_mm", [-4.3, 0.0, 1.7])
def test_fractions_agree_with_counts_of_points(
    grid_turns_deg: tuple[float, float, float],
    frame_turns_deg: tuple[float, float, float],
    shift_mm: float,
) -> None:
    """Each voxel within the counting error, their sum within 0.01 %."""
    grid = make_grid(turns_deg=grid_turns_deg)
    frame = make_frame(turns_deg=frame_turns_deg)
    position_mm = centre_mm(grid, frame) + shift_mm

    fraction = fraction_behind(grid, frame, position_mm)
    expected = counted_fraction(grid, frame, position_mm)
    np.testing.assert_allclose(fraction, expected, atol=1 / POINTS)
    assert fraction.sum(dtype=float) == pytest.approx(expected.sum(), rel=1e-4)
    assert ((fraction > 0) & (fraction < 1)).any()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("behind", [0.02, 0.3, 0.98])
def test_a_plane_parallel_to_voxel_faces_cuts_one_layer(axis: int, behind: float) -> None:
    """Other layers are on one side of it."""
    grid = make_grid(turns_deg=(0, 0, 0))
    direction = grid.matrix[:3, axis] / grid.spacing_mm[axis]
    frame = replace(make_frame((0, 0, 0)), long=to_point(direction))
    index = np.zeros(3)
    index[axis] = 6 - 0.5 + behind

    fraction = fraction_behind(grid, frame, float(grid.to_world(index) @ direction))
    profile = np.moveaxis(fraction, axis, 0).reshape(SHAPE[axis], -1)
    expected = np.where(np.arange(SHAPE[axis]) < 6, 1.0, 0.0)
    expected[6] = behind
    np.testing.assert_allclose(
        profile, np.broadcast_to(expected[:, None], profile.shape), atol=1e-3
    )


@pytest.mark.parametrize(("shift_mm", "expected"), [(500, 1), (-500, 0)])
def test_a_plane_outside_the_grid_cuts_nothing(
    grid: Grid, shift_mm: float, expected: int
) -> None:
    """Every voxel is on one side of it."""
    frame = make_frame()
    fraction = fraction_behind(grid, frame, centre_mm(grid, frame) + shift_mm)

    assert set(np.unique(fraction).tolist()) == {expected}


def test_fractions_on_both_sides_add_up_to_1(grid: Grid) -> None:
    """The reversed axis gives the other side of the plane."""
    frame = make_frame()
    toward_heel = replace(frame, long=to_point(-np.array(frame.long)))
    position_mm = centre_mm(grid, frame) + 0.37

    behind = fraction_behind(grid, frame, position_mm)
    ahead = fraction_behind(grid, toward_heel, -position_mm)
    np.testing.assert_allclose(behind + ahead, 1, atol=1e-5)


def test_moving_the_plane_adds_its_area_times_the_distance() -> None:
    """The plane cuts the whole width of the block."""
    grid = make_grid((40, 60, 25), (0.5, 0.7, 3.0), (0, 0, 0))
    frame = make_frame(turns_deg=(8, 0, 0))
    position_mm = centre_mm(grid, frame)

    before, after = (
        fraction_behind(grid, frame, position_mm + d).sum(dtype=float) for d in (0, 0.5)
    )
    area_mm2 = 40 * 0.5 * 25 * 3.0 / np.cos(np.radians(8))
    gained_mm3 = (after - before) * grid.voxel_volume_mm3
    assert gained_mm3 == pytest.approx(0.5 * area_mm2, rel=1e-4)


@pytest.fixture
def split(grid: Grid) -> RegionSplit:
    """Divide a block of muscle near its centre."""
    muscles = make_labels(grid, {3: BLOCK})
    frame = make_frame()
    border_mm = float(frame.coordinates(grid.to_world((6, 12, 7)))[0])
    return RegionSplit.at(segmented(muscles, Side.LEFT), make_landmarks(frame, border_mm))


def test_a_split_is_at_the_border_of_the_landmarks(split: RegionSplit) -> None:
    """Its fractions are those of that plane."""
    landmarks = split.landmarks

    expected = fraction_behind(
        split.muscles.grid, landmarks.frame, landmarks.border.position_mm
    )
    np.testing.assert_array_equal(split.rearfoot_fraction, expected)


def test_a_split_has_a_side_and_cautions(split: RegionSplit) -> None:
    """The side is that of the segmentation."""
    caution = Caution("doubt", "One thing is uncertain.", "regions")

    again = RegionSplit.at(split.segmentation, split.landmarks, (caution,))
    assert (again.side, again.cautions) == (Side.LEFT, (caution,))


def test_only_muscle_voxels_have_a_region_label(split: RegionSplit) -> None:
    """Both regions are there."""
    regions = split.region_labels()

    np.testing.assert_array_equal(regions.voxels > 0, split.muscles.voxels > 0)
    assert regions.voxels[split.muscles.voxels > 0].min() == REARFOOT
    assert regions.voxels.max() == FOREFOOT


@pytest.mark.parametrize(("fraction", "region"), [(0.49, FOREFOOT), (0.5, REARFOOT)])
def test_a_cut_voxel_has_the_label_of_its_larger_fraction(
    split: RegionSplit, fraction: float, region: int
) -> None:
    """Halves are rearfoot."""
    fractions = np.full(SHAPE, fraction, dtype=np.float32)

    regions = RegionSplit(split.segmentation, split.landmarks, fractions).region_labels()
    assert set(np.unique(regions.voxels[BLOCK]).tolist()) == {region}


def test_fractions_cannot_be_written(split: RegionSplit) -> None:
    """The array is copied and locked."""
    given = np.full(SHAPE, 0.25, dtype=np.float32)
    again = RegionSplit(split.segmentation, split.landmarks, given)

    given[:] = 1
    assert again.rearfoot_fraction.max() == 0.25
    with pytest.raises(ValueError, match="read-only"):
        again.rearfoot_fraction[0, 0, 0] = 1


def test_fractions_must_have_the_shape_of_the_muscles(split: RegionSplit) -> None:
    """The message gives both shapes."""
    with pytest.raises(ValueError, match=r"\(23, 31, 16\) but their grid is \(23, 31, 17\)"):
        RegionSplit(split.segmentation, split.landmarks, np.zeros((23, 31, 16), np.float32))


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_fractions_must_be_between_0_and_1(split: RegionSplit, bad: float) -> None:
    """One value outside the range is enough."""
    fractions = np.full(SHAPE, 0.5, dtype=np.float32)
    fractions[3, 4, 5] = bad

    with pytest.raises(ValueError, match=r"Fractions must be 0 to 1, got (-0\.1|0\.5|nan)"):
        RegionSplit(split.segmentation, split.landmarks, fractions)
