"""Label maps and segmentations: checked and locked."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels, make_segmentation
from numpy.typing import NDArray

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
    """Its volume is zero, not unknown."""
    assert LabelMap(voxels_of(grid, 5), grid, NAMES).volume_mm3(2) == 0


def test_labels_do_not_change_with_the_original_array(grid: Grid) -> None:
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
    """Uint8 up to 255, uint16 beyond."""
    labels = LabelMap(voxels_of(grid, largest), grid, {largest: "heel"})

    assert labels.voxels.dtype == dtype
    assert labels.voxels.max() == largest


@pytest.mark.parametrize("axis", range(3))
def test_array_and_grid_must_have_one_shape(grid: Grid, axis: int) -> None:
    """The message gives both shapes."""
    few = np.delete(voxels_of(grid, 5), 0, axis=axis)

    with pytest.raises(ValueError, match=r"is \(2.*but its grid is \(23, 31, 17\)"):
        LabelMap(few, grid, NAMES)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_])
def test_labels_must_be_integers(grid: Grid, dtype: type[np.generic]) -> None:
    """Floats suggest interpolation of labels; booleans are not numbers."""
    with pytest.raises(TypeError, match=r"integers, got (float32|bool)"):
        LabelMap(voxels_of(grid, 1).astype(dtype), grid, NAMES)


@pytest.mark.parametrize("label", [4, 300, -2])
def test_every_label_needs_a_name(grid: Grid, label: int) -> None:
    """The message lists the labels without a name."""
    with pytest.raises(ValueError, match=rf"labels with no name: \[{label}\]"):
        LabelMap(voxels_of(grid, label), grid, NAMES)


@pytest.mark.parametrize("names", [{}, {0: "air"}, {-1: "air", 5: "thigh"}])
def test_names_need_numbers_above_the_background(grid: Grid, names: dict[int, str]) -> None:
    """Zero is the background."""
    with pytest.raises(ValueError, match=r"numbers above 0: \{"):
        LabelMap(voxels_of(grid, 0), grid, names)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("end", [0, -1])
def test_every_edge_of_the_image_counts(grid: Grid, axis: int, end: int) -> None:
    """One voxel in any of the six outermost layers touches the edge."""
    voxels = voxels_of(grid, 2)
    index = [4, 5, 6]
    index[axis] = end
    voxels[tuple(index)] = 5
    labels = LabelMap(voxels, grid, {**NAMES, 7: "absent"})

    assert [labels.touches_edge(label) for label in (2, 5, 7)] == [False, True, False]


def test_a_segmentation_has_no_cautions_or_probability_by_default(grid: Grid) -> None:
    """Side and segmenter must be given."""
    segmentation = make_segmentation(make_labels(grid, {1: BLOCK}), Side.LEFT)

    assert (segmentation.side, segmentation.segmenter) == (Side.LEFT, "made")
    assert (segmentation.cautions, segmentation.probability) == ((), None)


def with_probability(grid: Grid, probability: NDArray[Any]) -> Segmentation:
    """Make a segmentation with a probability of muscle."""
    return replace(make_segmentation(make_labels(grid, {1: BLOCK})), probability=probability)


def test_probabilities_are_copied_and_locked(grid: Grid) -> None:
    """The whole range is allowed."""
    given = np.zeros(grid.shape, dtype=np.float32)
    given[0] = 1

    probability = with_probability(grid, given).probability
    given[:] = 0.5
    assert probability is not None
    assert set(np.unique(probability)) == {0, 1}
    with pytest.raises(ValueError, match="read-only"):
        probability[0, 0, 0] = 1


@pytest.mark.parametrize("dtype", [np.float64, np.uint8])
def test_probabilities_must_be_float32(grid: Grid, dtype: type[np.generic]) -> None:
    """The message gives the type."""
    with pytest.raises(TypeError, match=r"must be float32, got (float64|uint8)"):
        with_probability(grid, np.zeros(grid.shape, dtype=dtype))


def test_probabilities_must_have_the_shape_of_the_grid(grid: Grid) -> None:
    """The message gives both shapes."""
    with pytest.raises(ValueError, match=r"\(23, 31, 16\) but their grid is \(23, 31, 17\)"):
        with_probability(grid, np.zeros((23, 31, 16), dtype=np.float32))


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_probabilities_must_be_between_0_and_1(grid: Grid, bad: float) -> None:
    """One value outside the range is enough."""
    probability = np.full(grid.shape, 0.5, dtype=np.float32)
    probability[3, 4, 5] = bad

    with pytest.raises(ValueError, match=r"between 0 and 1, got (-0\.1|0\.5|nan) to"):
        with_probability(grid, probability)


def test_muscles_and_bones_must_be_on_one_grid(grid: Grid) -> None:
    """The message gives the offset of the grids and what to do."""
    shifted = grid.matrix
    shifted[0, 3] += 2
    bones = make_labels(Grid.from_arrays(grid.shape, shifted), {1: BLOCK}, BONE_NAMES)

    with pytest.raises(
        GridMismatchError, match=r"Muscles and bones .* 2\.00 mm apart\. Run the segment stage"
    ):
        Segmentation(make_labels(grid, {1: BLOCK}), bones, Side.RIGHT, "made")


def test_muscles_and_bones_must_have_one_shape(grid: Grid) -> None:
    """The message gives both shapes."""
    bones = make_labels(make_grid((23, 31, 16)), {1: BLOCK}, BONE_NAMES)

    with pytest.raises(GridMismatchError, match=r"\(23, 31, 17\) and \(23, 31, 16\)"):
        Segmentation(make_labels(grid, {1: BLOCK}), bones, Side.RIGHT, "made")


def test_a_centroid_lies_in_the_world(grid: Grid) -> None:
    """It is the mean of the positions of the structure's voxels."""
    voxels = np.zeros(grid.shape, dtype=np.uint8)
    voxels[2, 3, 4] = voxels[4, 3, 9] = 1

    centroid_mm = LabelMap(voxels, grid, {1: "calcaneus"}).centroid_mm(1)

    np.testing.assert_allclose(centroid_mm, grid.to_world((3, 3, 6.5)))
