"""Cross-sections and fat along the foot."""

from dataclasses import replace

import numpy as np
import pytest
from makers import BLOCK, make_frame, make_grid, make_labels, make_landmarks, make_segmentation

from pipeline.domain.fat_map import FatMap
from pipeline.domain.grid import Grid
from pipeline.domain.landmarks import FootFrame
from pipeline.domain.region_split import RegionSplit
from pipeline.stages.measure.profile import PROFILE_COLUMNS, SECTION_MM, profile

STRAIGHT = FootFrame((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def straight_split(slice_mm: float = 3.0) -> RegionSplit:
    """Make a block of 6 x 15 voxels of 0.5 x 0.7 mm across the long axis, 11 slices long."""
    affine = np.diag((0.5, 0.7, slice_mm, 1.0))
    grid = Grid.from_arrays((23, 31, 17), affine)
    labels = make_labels(grid, {2: BLOCK})
    return RegionSplit.at(make_segmentation(labels), make_landmarks(STRAIGHT, 20.0))


@pytest.mark.parametrize("slice_mm", [0.7, 3.0, 5.3])
def test_a_prism_has_one_cross_section_from_end_to_end(slice_mm: float) -> None:
    """Its area is 6 x 0.5 mm times 15 x 0.7 mm, whatever the slices; the ends are partial."""
    table = profile(straight_split(slice_mm), None)

    low_mm, high_mm = 1.5 * slice_mm, 12.5 * slice_mm
    inside = table["position_mm"].between(low_mm + SECTION_MM / 2, high_mm - SECTION_MM / 2)
    assert table["acsa_mm2"][inside].to_numpy() == pytest.approx(31.5)
    assert (table["acsa_mm2"][~inside] < 31.5 + 1e-6).all()
    assert table["position_mm"].min() - 1 <= low_mm <= table["position_mm"].min() + 1
    assert list(table) == list(PROFILE_COLUMNS)


def test_cross_sections_add_up_to_the_volume_of_a_tilted_muscle() -> None:
    """No volume is lost between sections, and none is counted twice."""
    labels = make_labels(make_grid(), {1: BLOCK, 8: (slice(1, 3), slice(1, 5), slice(1, 4))})
    split = RegionSplit.at(make_segmentation(labels), make_landmarks(make_frame(), 5.0))

    table = profile(split, None)

    for label in (1, 8):
        area_mm2 = table["acsa_mm2"][table["index"] == label]
        assert area_mm2.sum() * SECTION_MM == pytest.approx(labels.volume_mm3(label))
    assert sorted(table["muscle"].unique()) == ["ABH", "ADHT"]
    assert np.diff(table["position_mm"][table["index"] == 1]) == pytest.approx(SECTION_MM)


def test_fat_is_that_of_each_section() -> None:
    """It rises along the foot as the map does, and is 0 to 1."""
    split = straight_split()
    fraction = np.broadcast_to(np.arange(17) / 20 - 0.2, split.muscles.grid.shape)
    fat = FatMap.known(fraction.astype(np.float32), split.muscles.grid)

    table = profile(split, fat)

    # the voxel centred at 9 mm fills the section from 8 to 10 mm
    assert table.set_index("position_mm")["fat_fraction"][9.0] == pytest.approx(0.0, abs=1e-6)
    assert table.set_index("position_mm")["fat_fraction"][33.0] == pytest.approx(0.35)
    assert table["fat_fraction"].between(0, 1).all()


def test_fat_is_unknown_where_few_voxels_lie_inside() -> None:
    """Voxels at the boundary are mostly not of the muscle; nothing is 0 for unknown."""
    split = straight_split(5.3)
    known = FatMap.known(np.full(split.muscles.grid.shape, 0.3, np.float32), split.muscles.grid)

    fat = profile(split, replace(known, method="two-point")).set_index("position_mm")
    few = profile(split, None)

    assert fat["fat_fraction"][21.0] == pytest.approx(0.3)
    assert np.isnan(fat["fat_fraction"][7.0])  # a hundredth of 4 x 13 inner voxels
    assert few["fat_fraction"].isna().all()


def test_an_absent_muscle_has_no_row() -> None:
    """Without any muscle the table has its columns alone."""
    split = straight_split()
    none = make_segmentation(make_labels(split.muscles.grid, {}))

    table = profile(RegionSplit.at(none, split.landmarks), None)

    assert table.empty
    assert list(table) == list(PROFILE_COLUMNS)
