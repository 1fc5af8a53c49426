"""Read-only arrays, and pickling of the types that hold them."""

import copy
import pickle
from dataclasses import fields

import numpy as np
import pytest
from makers import BLOCK, make_frame, make_labels, make_landmarks, make_taken_scan
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES
from pipeline.domain.fat_map import FatMap
from pipeline.domain.grid import Grid
from pipeline.domain.immutable import read_only
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan, Side


def test_a_read_only_array_is_a_locked_copy() -> None:
    """Later changes to the original do not show."""
    given = np.zeros(3)

    locked = read_only(given, np.float32)
    given[:] = 7

    assert locked.dtype == np.float32
    assert locked.tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        locked[0] = 1


def test_a_locked_array_is_not_copied_again() -> None:
    """Unless its type differs, or it is a view of an array that may change."""
    locked = read_only(np.zeros(3))
    view = np.zeros(3)[:]
    view.flags.writeable = False

    assert read_only(locked) is locked
    assert read_only(locked, np.float32) is not locked
    assert read_only(view) is not view


def instances(grid: Grid) -> dict[str, object]:
    """Make one of each type that holds an array or a read-only mapping."""
    muscles = make_labels(grid, {3: BLOCK})
    probability = np.full(grid.shape, 0.25, dtype=np.float32)
    segmentation = Segmentation(
        muscles,
        make_labels(grid, {1: BLOCK}, BONE_NAMES),
        Side.LEFT,
        "made",
        (),
        probability,
    )
    made = (
        make_taken_scan(),
        muscles,
        segmentation,
        FatMap.known(probability, grid),
        RegionSplit.at(segmentation, make_landmarks(make_frame(), 12.0)),
    )
    return {type(value).__name__: value for value in made}


@pytest.mark.parametrize(
    "kind", [Scan, LabelMap, Segmentation, FatMap, RegionSplit], ids=lambda kind: kind.__name__
)
def test_types_with_arrays_are_pickled_and_copied(grid: Grid, kind: type) -> None:
    """Every field is equal, and every array is still read-only."""
    before = instances(grid)[kind.__name__]

    for after in (pickle.loads(pickle.dumps(before)), copy.deepcopy(before)):
        assert type(after) is kind
        assert_equal(after, before)


def assert_equal(after: object, before: object) -> None:
    """Check equality field by field, as arrays have none of their own."""
    if isinstance(before, (Scan, LabelMap, Segmentation, FatMap, RegionSplit)):
        for field in fields(before):
            assert_equal(getattr(after, field.name), getattr(before, field.name))
    elif isinstance(before, np.ndarray):
        array: NDArray[np.generic] = np.asarray(after)
        np.testing.assert_array_equal(array, before, strict=True)
        assert not array.flags.writeable
    else:
        assert type(after) is type(before)
        assert after == before
