"""Volumes, fat and lengths of blocks in a tilted grid, by arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES, MUSCLES, PLANTAR_MUSCLES, REGIONS
from pipeline.domain.cautions import Caution
from pipeline.domain.fat_map import FatMap
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.landmarks import Border, FootFrame, Landmarks, to_point
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.settings.measure import MeasureParams
from pipeline.stages.measure import measure

SHAPE = (9, 20, 13)
LEAN = 0.3025  # in the middle of one bin of the signal's histogram
PLANE_MM2 = (
    4 * 2.0 * 3 * 0.7
)  # area of the abductor hallucis below, perpendicular to the long axis
ABH_MM3 = PLANE_MM2 * 10 * 1.1
BEFORE = Caution("foot-length-unknown", "Heel or toes are cut off.", "regions")


def make_split(step_mm: float = 1.1, first: int = 4, border_mm: float = 8.8) -> RegionSplit:
    """Make ABH of ten voxels along the long axis (axis 1) and EDB of two."""
    spacing = np.array((2.0, step_mm, 0.7))
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (20, -13, 31), degrees=True).as_matrix()
    long, lateral, dorsal = (to_point(affine[:3, k]) for k in (1, 0, 2))
    affine[:3, :3] *= spacing
    affine[:3, 3] = (37, -61, 115)
    grid = Grid.from_arrays(SHAPE, affine)
    voxels = np.zeros(SHAPE, dtype=np.uint8)
    voxels[2:6, first : first + 10, 5:8] = 1
    voxels[6:8, 3:5, 9:11] = 11
    origin = to_point(grid.to_world((0, 0, 0)))
    frame = FootFrame(origin, long, lateral, dorsal)
    border = Border("tmt1", border_mm)
    points = (origin, origin, origin, origin, origin, origin)
    landmarks = Landmarks(*points, frame, border, None)
    bones = LabelMap(np.zeros(SHAPE, dtype=np.uint8), grid, BONE_NAMES)
    muscles = LabelMap(voxels, grid, MUSCLE_NAMES)
    return RegionSplit.at(
        Segmentation(muscles, bones, Side.RIGHT, "hand"), landmarks, (BEFORE,)
    )


def make_scan(split: RegionSplit, contrast: Contrast = Contrast.T1W) -> Scan:
    """Make lean muscle; in ABH the last two planes and half a plane are fat."""
    intensity = np.where(split.muscles.voxels > 0, LEAN, 0.0)
    intensity[2:6, 12:14, 5:8] = 1.0
    intensity[2:4, 11:12, 5:8] = 1.0
    return Scan(intensity.astype(np.float32), split.muscles.grid, contrast)


def table_of(split: RegionSplit, contrast: Contrast = Contrast.T1W) -> MeasurementTable:
    """Measure with the default settings."""
    return measure(split, make_scan(split, contrast), MeasureParams())


def row(table: MeasurementTable, muscle: str, region: str) -> Measurement:
    """Find one row."""
    (found,) = (r for r in table.rows if (r.muscle, r.region) == (muscle, region))
    return found


def test_every_muscle_has_its_three_rows() -> None:
    """Ordered by label, then rearfoot, forefoot, total."""
    keys = [(r.muscle, r.region) for r in table_of(make_split()).rows]

    regions = REGIONS
    assert keys == [(m.abbreviation, region) for m in MUSCLES for region in regions]


@pytest.mark.parametrize(
    ("region", "planes"), [("rearfoot", 4.5), ("forefoot", 5.5), ("total", 10)]
)
def test_volume_is_voxels_times_their_size(region: str, planes: float) -> None:
    """The border halves the fifth of ten planes."""
    volume_mm3 = row(table_of(make_split()), "ABH", region).volume_mm3

    assert volume_mm3 == pytest.approx(planes * PLANE_MM2 * 1.1, rel=1e-5)


@pytest.mark.parametrize(("axis", "share"), [(8.8 + 0.275, 0.75), (8.8 - 0.55, 0.0)])
def test_a_voxel_cut_by_the_border_is_divided_by_volume(axis: float, share: float) -> None:
    """Three quarters of a voxel behind the border count for the rearfoot."""
    volume_mm3 = row(table_of(make_split(border_mm=axis)), "ABH", "rearfoot").volume_mm3

    assert volume_mm3 == pytest.approx((4 + share) * PLANE_MM2 * 1.1, rel=1e-4)


def test_totals_contain_the_chosen_muscles_only() -> None:
    """By default the dorsal muscles have rows but are not in the totals."""
    split = make_split()
    both = measure(split, make_scan(split), MeasureParams(muscles=("ABH", "EDB")))

    assert table_of(split).muscles == PLANTAR_MUSCLES
    assert table_of(split).volume_cm3("total") == pytest.approx(ABH_MM3 / 1e3)
    edb_mm3 = 8 * 2.0 * 1.1 * 0.7
    assert both.volume_cm3("total") == pytest.approx((ABH_MM3 + edb_mm3) / 1e3)


@pytest.mark.parametrize("step_mm", [0.6, 1.1, 1.5, 2.0, 4.0])
def test_a_prism_has_one_cross_section(step_mm: float) -> None:
    """It does not depend on the spacing along the foot."""
    found = row(table_of(make_split(step_mm)), "ABH", "total")

    assert found.acsa_max_mm2 == pytest.approx(PLANE_MM2, rel=1e-6)


def test_the_largest_section_is_where_the_muscle_is_thickest() -> None:
    """Two planes have twice the area; the position is relative to the origin of the frame."""
    split = make_split()
    voxels = split.muscles.voxels.copy()
    voxels[2:6, 10:12, 2:5] = 1
    muscles = replace(split.muscles, voxels=voxels)
    thicker = replace(split, segmentation=replace(split.segmentation, muscles=muscles))

    found = row(table_of(thicker), "ABH", "total")

    assert found.acsa_max_mm2 == pytest.approx(2 * PLANE_MM2)
    assert found.acsa_max_position_mm == pytest.approx(10.5 * 1.1)


@pytest.mark.parametrize(
    ("region", "planes"), [("rearfoot", 5), ("forefoot", 6), ("total", 10)]
)
def test_length_is_the_extent_along_the_foot(region: str, planes: int) -> None:
    """A plane cut by the border counts on both sides."""
    assert row(table_of(make_split()), "ABH", region).length_mm == pytest.approx(planes * 1.1)


def test_an_absent_muscle_is_zero_not_unknown() -> None:
    """Its cross-section has no position."""
    found = row(table_of(make_split()), "QP", "total")

    assert (found.volume_mm3, found.length_mm, found.acsa_max_mm2) == (0, 0, 0)
    assert found.acsa_max_position_mm is None
    assert not found.is_truncated


def test_fat_is_the_two_point_fraction() -> None:
    """One and a half of the eight inner planes are fat."""
    found = row(table_of(make_split()), "ABH", "total")

    assert found.fat_fraction == pytest.approx(1.5 / 8, abs=1e-4)
    assert found.contractile_mm3 == pytest.approx(6.5 / 8 * ABH_MM3, rel=1e-4)
    low, high = found.fat_fraction_low, found.fat_fraction_high
    assert low is not None
    assert high is not None
    assert low < 1.5 / 8 < high


def test_fat_fractions_differ_between_regions() -> None:
    """All fat is in the four and a half inner planes of the forefoot."""
    table = table_of(make_split())

    assert row(table, "ABH", "rearfoot").fat_fraction == pytest.approx(0, abs=1e-4)
    assert row(table, "ABH", "forefoot").fat_fraction == pytest.approx(1.5 / 4.5, abs=1e-4)
    assert table.contractile_cm3("rearfoot") == pytest.approx(
        4.5 * PLANE_MM2 * 1.1e-3, rel=1e-4
    )


def test_a_known_fat_map_is_used_instead_of_the_scan() -> None:
    """It uses all voxels, and its limits equal the fraction."""
    split = make_split()
    known = np.zeros(SHAPE, dtype=np.float32)
    known[2:6, 4:8, 5:8] = 0.5
    fat = FatMap.known(known, split.muscles.grid)

    found = row(measure(split, make_scan(split), MeasureParams(), fat), "ABH", "total")

    assert found.fat_fraction == pytest.approx(0.2, abs=1e-6)
    assert found.fat_fraction_low == found.fat_fraction_high == found.fat_fraction


def test_fat_beside_a_muscle_is_not_in_it() -> None:
    """Boundary voxels that are half fat by partial volume do not count."""
    split = make_split()
    intensity = np.where(split.muscles.voxels > 0, LEAN, 0.0)
    intensity[2:6, 4:14, 5:8:2] = (LEAN + 1) / 2
    scan = Scan(intensity.astype(np.float32), split.muscles.grid)

    assert row(measure(split, scan, MeasureParams()), "ABH", "total").fat_fraction == 0


@pytest.mark.parametrize("contrast", [Contrast.T2W, Contrast.WATER, Contrast.FAT])
def test_other_contrasts_give_no_fat_fraction(contrast: Contrast) -> None:
    """An unknown fat fraction is None, not zero."""
    table = table_of(make_split(), contrast)

    assert {(r.fat_fraction, r.contractile_mm3) for r in table.rows} == {(None, None)}
    assert table.contractile_cm3("total") is None
    assert table.volume_cm3("total") == pytest.approx(ABH_MM3 / 1e3)


def test_sensitivity_is_the_section_at_the_border() -> None:
    """Moving the border by 1 mm moves a volume of the area times 1 mm."""
    table = table_of(make_split())

    assert table.border_sensitivity_cm3_per_mm == pytest.approx(PLANE_MM2 / 1e3, rel=1e-4)


def test_a_muscle_cut_by_the_image_is_a_lower_bound() -> None:
    """Its rows and a caution say so; other muscles are not affected."""
    table = table_of(make_split(first=10))

    assert [c.code for c in table.cautions][:2] == ["foot-length-unknown", "truncated-ABH"]
    assert "abductor hallucis, so its volume is a lower bound" in table.cautions[1].message
    assert {r.muscle for r in table.rows if r.is_truncated} == {"ABH"}
    assert row(table, "ABH", "total").volume_mm3 == pytest.approx(ABH_MM3)


def test_the_table_says_where_it_came_from() -> None:
    """Side, segmenter and border are those of the labels."""
    split = make_split()
    table = table_of(split)

    assert (table.side, table.segmenter) == (Side.RIGHT, "hand")
    assert (table.border, table.foot_length_mm) == (split.landmarks.border, None)


def test_labels_of_another_scan_are_refused() -> None:
    """A scan on another grid is an error of the caller."""
    split = make_split()
    affine = split.muscles.grid.matrix
    affine[0, 3] += 1
    elsewhere = replace(make_scan(split), grid=Grid.from_arrays(SHAPE, affine))

    with pytest.raises(ValueError, match=r"Scan .* and labels .* differ"):
        measure(split, elsewhere, MeasureParams())


@pytest.mark.parametrize(
    ("muscles", "message"),
    [
        (("ABH", "BICEPS"), "each of ABH, .*EHB at most once, got ABH, BICEPS"),
        (("ABH", "ABH"), "at most once, got ABH, ABH"),
        ((), "at least 1 item"),
    ],
)
def test_muscles_must_be_known(muscles: tuple[str, ...], message: str) -> None:
    """A misspelt, doubled or empty list is refused."""
    with pytest.raises(ValidationError, match=message):
        MeasureParams(muscles=muscles)
