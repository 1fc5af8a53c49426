"""Overlap and distances of boxes, by counting."""

import math
from typing import Any

import pytest
import SimpleITK as sitk
from makers import Box, make_grid, make_labels

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.errors import GridMismatchError
from pipeline.stages.agree import Structures, overlap

NAMES = {1: "ABH", 2: "FDB", 3: "ADM"}
STRUCTURES = Structures(NAMES, (1, 2), "both")
HERE: Box = (slice(4, 8), slice(6, 12), slice(3, 9))
ONE_UP: Box = (slice(4, 8), slice(6, 12), slice(4, 10))
ELSEWHERE: Box = (slice(12, 16), slice(6, 12), slice(3, 9))


def overlap_of(first: LabelMap, second: LabelMap) -> Any:
    """Give the rows by their label."""
    return overlap(first, second, STRUCTURES, "sub-01").set_index("label")


def one_box(box: Box, grid: Grid) -> LabelMap:
    """Label one box as ABH."""
    return make_labels(grid, {1: box}, NAMES)


def test_the_same_map_agrees_fully(grid: Grid) -> None:
    """Dice 1, no distance, no difference."""
    same = overlap_of(one_box(HERE, grid), one_box(HERE, grid)).loc["ABH"]

    assert same[["dice", "hd95_mm", "asd_mm", "difference_cm3"]].tolist() == [1, 0, 0, 0]
    assert same["reference_cm3"] == pytest.approx(4 * 6 * 6 * 0.5 * 0.7 * 3 / 1e3)


def test_a_shift_by_one_slice_is_the_slice_spacing(grid: Grid) -> None:
    """Five of six slices are common; the outer faces are 3 mm apart, the sides are not."""
    moved = overlap_of(one_box(HERE, grid), one_box(ONE_UP, grid)).loc["ABH"]

    assert moved["dice"] == pytest.approx(5 / 6)
    assert moved["hd95_mm"] == pytest.approx(3.0)
    face, rim = 4 * 6, 4 * 6 - 2 * 4  # voxels of a slice
    inner = face - rim  # of the other face, half a millimetre from the other map's rim
    assert moved["asd_mm"] == pytest.approx((3 * face + 0.5 * inner) / (2 * face + 4 * rim))
    assert moved["difference_percent"] == 0


def test_the_largest_distance_is_that_of_simpleitk() -> None:
    """The 95th percentile is below SimpleITK's maximum, and the averages are equal."""
    grid = make_grid(turns_deg=(0, 0, 0))
    first, second = one_box(HERE, grid), one_box(ELSEWHERE, grid)
    row = overlap_of(first, second).loc["ABH"]
    images = [sitk.GetImageFromArray(m.voxels.transpose(2, 1, 0)) for m in (first, second)]
    for image in images:
        image.SetSpacing(grid.spacing_mm)
    # of surfaces, as ours: filled boxes have smaller averages
    edges = [sitk.BinaryContour(image, fullyConnected=False) for image in images]
    theirs = sitk.HausdorffDistanceImageFilter()
    theirs.Execute(*edges)

    assert row["hd95_mm"] <= theirs.GetHausdorffDistance() + 1e-6
    assert row["asd_mm"] == pytest.approx(theirs.GetAverageHausdorffDistance(), rel=1e-5)


def test_tilt_and_storage_order_do_not_matter(grid: Grid) -> None:
    """Distances are between positions in world space."""
    flat = make_grid(turns_deg=(0, 0, 0))
    tilted, straight = (
        overlap_of(one_box(HERE, g), one_box(ELSEWHERE, g)).loc["ABH"] for g in (grid, flat)
    )

    for name in ("dice", "hd95_mm", "asd_mm", "reference_cm3"):
        assert tilted[name] == pytest.approx(straight[name])


def test_the_sum_is_the_union_of_structures(grid: Grid) -> None:
    """Two muscles that are swapped disagree separately and agree as one."""
    first = make_labels(grid, {1: HERE, 2: ELSEWHERE}, NAMES)
    second = make_labels(grid, {2: HERE, 1: ELSEWHERE}, NAMES)
    rows = overlap_of(first, second)

    assert rows["dice"].tolist()[:2] == [0, 0]
    assert rows.loc["both", "dice"] == 1


def test_what_is_missing_has_its_reason_and_no_distance(grid: Grid) -> None:
    """In neither map: no Dice; in one map: Dice 0; absent structures have a volume of 0."""
    rows = overlap_of(one_box(HERE, grid), make_labels(grid, {2: HERE}, NAMES))

    assert rows["note"].tolist()[:3] == [
        "not in the segmentation",
        "not in the reference",
        "in neither map",
    ]
    assert rows["dice"].fillna(-1).tolist()[:3] == [0, 0, -1]
    assert rows["hd95_mm"].isna().tolist() == [True, True, True, False]
    assert rows.loc["ABH", "difference_percent"] == -100
    assert math.isnan(rows.loc["FDB", "difference_percent"])


def test_other_grids_are_refused_with_advice(grid: Grid) -> None:
    """The message names the foot and says what to do."""
    matrix = grid.matrix
    matrix[0, 3] += 2
    apart = one_box(HERE, Grid.from_arrays(grid.shape, matrix))

    with pytest.raises(GridMismatchError, match=r"'sub-01'.*2\.00 mm apart\. Draw both"):
        overlap_of(one_box(HERE, grid), apart)
