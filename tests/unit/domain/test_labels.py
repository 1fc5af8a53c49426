"""Which structure each voxel belongs to: what is refused, and that nothing changes."""

import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels, make_segmentation

from pipeline.domain.anatomy import BONE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.errors import GridMismatchError

NAMES = {2: "calf", 5: "thigh"}


def voxels_of(grid: Grid, label: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Label 6 x 15 x 11 = 990 voxels."""
    voxels = np.zeros(grid.shape, dtype=np.int64)
    voxels[BLOCK] = label
    return voxels


def test_volume_is_count_times_voxel_volume(grid: Grid) -> None:
    """990 voxels of 1.05 mm3."""
    labels = LabelMap(voxels_of(grid, 5), grid, NAMES)

    assert labels.volume_mm3(5) == pytest.approx(990 * 1.05)


def test_an_absent_structure_has_no_volume(grid: Grid) -> None:
    """Zero means looked for and not there."""
    assert LabelMap(voxels_of(grid, 5), grid, NAMES).volume_mm3(2) == 0


def test_labels_do_not_change_with_the_array_they_were_made_of(grid: Grid) -> None:
    """The array is copied, uint8 ones too."""
    given = voxels_of(grid, 5).astype(np.uint8)

    labels = LabelMap(given, grid, NAMES)
    given[:] = 2
    assert labels.volume_mm3(2) == 0


def test_labels_cannot_be_written(grid: Grid) -> None:
    """The array is locked."""
    labels = LabelMap(voxels_of(grid, 5), grid, NAMES)

    with pytest.raises(ValueError, match="read-only"):
        labels.voxels[0, 0, 0] = 2


def test_names_cannot_be_written(grid: Grid) -> None:
    """Names are copied and locked."""
    given = dict(NAMES)
    labels = LabelMap(voxels_of(grid, 5), grid, given)

    given[5] = "knee"
    assert labels.names[5] == "thigh"
    with pytest.raises(TypeError, match="does not support item assignment"):
        labels.names[5] = "knee"  # type: ignore[index]


@pytest.mark.parametrize(("largest", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_labels_are_stored_in_the_smallest_type(
    grid: Grid, largest: int, dtype: type[np.generic]
) -> None:
    """Up to 255 a byte does; beyond, no label is cut short."""
    labels = LabelMap(voxels_of(grid, largest), grid, {largest: "heel"})

    assert labels.voxels.dtype == dtype
    assert labels.voxels.max() == largest


@pytest.mark.parametrize("axis", range(3))
def test_array_and_grid_must_have_one_shape(grid: Grid, axis: int) -> None:
    """One plane too few along any axis is refused, with both shapes."""
    few = np.delete(voxels_of(grid, 5), 0, axis=axis)

    with pytest.raises(ValueError, match=r"is \(2.*but its grid is \(23, 31, 17\)"):
        LabelMap(few, grid, NAMES)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_])
def test_labels_must_be_whole_numbers(grid: Grid, dtype: type[np.generic]) -> None:
    """Fractions mean that somebody interpolated; yes and no are no numbers."""
    with pytest.raises(TypeError, match=r"whole numbers, got (float32|bool)"):
        LabelMap(voxels_of(grid, 1).astype(dtype), grid, NAMES)


@pytest.mark.parametrize("label", [4, 300, -2])
def test_every_label_needs_a_name(grid: Grid, label: int) -> None:
    """No unnamed row can reach a table; the message lists the offenders."""
    with pytest.raises(ValueError, match=rf"labels with no name: \[{label}\]"):
        LabelMap(voxels_of(grid, label), grid, NAMES)


@pytest.mark.parametrize("names", [{}, {0: "air"}, {-1: "air", 5: "thigh"}])
def test_names_need_numbers_above_the_background(grid: Grid, names: dict[int, str]) -> None:
    """Zero is nothing, and nothing has no name."""
    with pytest.raises(ValueError, match=r"numbers above 0: \{"):
        LabelMap(voxels_of(grid, 0), grid, names)


def test_a_segmentation_says_what_it_is(grid: Grid) -> None:
    """Side, origin and an empty list of doubts go with the labels."""
    segmentation = make_segmentation(make_labels(grid, {1: BLOCK}), Side.LEFT)

    assert (segmentation.side, segmentation.segmenter) == (Side.LEFT, "made")
    assert segmentation.cautions == ()


def test_muscles_and_bones_apart_are_refused_with_advice(grid: Grid) -> None:
    """The error says how far apart the grids are and what to do."""
    shifted = grid.matrix
    shifted[0, 3] += 2
    bones = make_labels(Grid.from_arrays(grid.shape, shifted), {1: BLOCK}, BONE_NAMES)

    with pytest.raises(
        GridMismatchError, match=r"Muscles and bones .* 2\.00 mm apart\. Run the segment stage"
    ):
        Segmentation(make_labels(grid, {1: BLOCK}), bones, Side.RIGHT, "made")


def test_muscles_and_bones_of_other_sizes_are_refused(grid: Grid) -> None:
    """The error gives both shapes."""
    bones = make_labels(make_grid((23, 31, 16)), {1: BLOCK}, BONE_NAMES)

    with pytest.raises(GridMismatchError, match=r"\(23, 31, 17\) and \(23, 31, 16\)"):
        Segmentation(make_labels(grid, {1: BLOCK}), bones, Side.RIGHT, "made")
