"""Properties of the measurements that hold for any labels, grid, frame and border."""

from dataclasses import astuple, replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import make_frame, make_grid, make_landmarks, make_segmentation

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES, MUSCLES, PLANTAR_MUSCLES, REGIONS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Contrast, Scan
from pipeline.settings.measure import MeasureParams
from pipeline.stages.measure import measure

Case = tuple[RegionSplit, Scan]

NUMBERS = (
    *("volume_mm3", "contractile_mm3", "fat_fraction"),
    *("acsa_max_mm2", "acsa_max_position_mm", "length_mm"),
)

sizes = st.permutations((4, 5, 7)).map(lambda s: (s[0], s[1], s[2]))
spacings = st.permutations((0.5, 0.7, 3.0)).map(lambda s: (s[0], s[1], s[2]))
turns = st.tuples(*[st.floats(-180, 180, allow_subnormal=False)] * 3)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw random labels and intensities on a rotated grid, and a plane that may cut it."""
    grid = make_grid(draw(sizes), draw(spacings), draw(turns))
    frame = make_frame(turns_deg=draw(turns))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(st.integers(1, len(MUSCLE_NAMES)))
    muscles = LabelMap(rng.integers(0, kinds + 1, grid.shape), grid, MUSCLE_NAMES)
    centre_mm = float(frame.coordinates(grid.centre_mm)[0])
    landmarks = make_landmarks(frame, centre_mm + draw(st.floats(-12, 12)))
    scan = Scan(
        rng.uniform(0, 1, grid.shape).astype(np.float32),
        grid,
        draw(st.sampled_from((Contrast.T1W, Contrast.WATER))),
    )
    return RegionSplit.at(make_segmentation(muscles), landmarks), scan


def oblique_case() -> Case:
    """Draw six muscles at random on a grid that is oblique to the border."""
    grid = make_grid((9, 14, 6), turns_deg=(20, -35, 140))
    frame = make_frame()
    rng = np.random.default_rng(31)
    muscles = LabelMap(rng.integers(0, 7, grid.shape), grid, MUSCLE_NAMES)
    border_mm = float(frame.coordinates(grid.centre_mm)[0]) + 0.83
    scan = Scan(rng.uniform(0, 1, grid.shape).astype(np.float32), grid)
    return RegionSplit.at(make_segmentation(muscles), make_landmarks(frame, border_mm)), scan


def measured(case: Case, muscles: tuple[str, ...] = PLANTAR_MUSCLES) -> MeasurementTable:
    """Measure with these muscles in the totals."""
    return measure(*case, MeasureParams(muscles=muscles))


def with_labels(case: Case, labels: LabelMap) -> RegionSplit:
    """Separate other labels at the border of a case."""
    split, _ = case
    bones = LabelMap(np.zeros(labels.grid.shape, dtype=np.uint8), labels.grid, BONE_NAMES)
    segmentation = replace(split.segmentation, muscles=labels, bones=bones)
    return RegionSplit.at(segmentation, split.landmarks)


def reorder(case: Case, order: list[int], flips: tuple[bool, ...]) -> Case:
    """Store the same voxels in another order, with the affine that goes with it."""
    split, scan = case
    matrix = scan.grid.matrix
    for axis in np.flatnonzero(flips):
        matrix[:3, 3] += matrix[:3, axis] * (scan.grid.shape[axis] - 1)
        matrix[:3, axis] *= -1
    matrix[:3, :3] = matrix[:3, order]
    flipped = tuple(np.flatnonzero(flips).tolist())

    intensity = np.flip(scan.intensity, flipped).transpose(order)
    grid = Grid.from_arrays(intensity.shape, matrix)
    voxels = np.flip(split.muscles.voxels, flipped).transpose(order)
    turned = with_labels(case, LabelMap(voxels, grid, MUSCLE_NAMES))
    return turned, replace(scan, intensity=intensity, grid=grid)


def column(table: MeasurementTable, name: str) -> list[float]:
    """Give a column as numbers, NaN where unknown."""
    values = (getattr(row, name) for row in table.rows)
    return [np.nan if value is None else value for value in values]


@settings(deadline=None, max_examples=40)
@given(cases())
def test_regions_divide_every_muscle_exactly(case: Case) -> None:
    """Rearfoot and forefoot add up to the number of voxels times their volume."""
    split, _ = case
    rows = {(r.muscle, r.region): r.volume_mm3 for r in measured(case).rows}

    for muscle in MUSCLES:
        rearfoot, forefoot, total = (rows[muscle.abbreviation, region] for region in REGIONS)
        assert rearfoot is not None
        assert forefoot is not None
        assert min(rearfoot, forefoot) >= 0
        assert total == pytest.approx(rearfoot + forefoot, abs=1e-9)
        assert total == pytest.approx(split.muscles.volume_mm3(muscle.index), abs=1e-9)


@pytest.mark.integration
@settings(deadline=None, max_examples=40)
@given(cases(), st.permutations(range(3)), st.tuples(*[st.booleans()] * 3))
def test_storage_order_does_not_matter(
    case: Case, order: list[int], flips: tuple[bool, ...]
) -> None:
    """Reordering and flipping axes with the affine does not change volumes and fat."""
    before, after = measured(case), measured(reorder(case, order, flips))

    for name in ("volume_mm3", "contractile_mm3", "fat_fraction"):
        expected = pytest.approx(column(before, name), rel=1e-5, abs=1e-4, nan_ok=True)
        assert column(after, name) == expected, name
    assert after.border_sensitivity_cm3_per_mm == pytest.approx(
        before.border_sensitivity_cm3_per_mm, abs=1e-7
    )
    assert after.cautions == before.cautions


@pytest.mark.integration
@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)))
def test_all_48_storage_orders_give_one_table(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    """Every column, on a grid without voxels on the boundary of a section."""
    case = oblique_case()
    before, after = measured(case), measured(reorder(case, list(order), flips))

    for name in NUMBERS:
        expected = pytest.approx(column(before, name), rel=1e-6, abs=1e-6, nan_ok=True)
        assert column(after, name) == expected, name


@pytest.mark.integration
@settings(deadline=None, max_examples=25)
@given(cases(), st.permutations(range(len(MUSCLES))))
def test_label_numbers_do_not_matter(case: Case, order: list[int]) -> None:
    """Swapping labels swaps rows and changes nothing else."""
    split, scan = case
    renumbered = np.array([0, *(MUSCLES[i].index for i in order)])[split.muscles.voxels]
    traded = with_labels(case, LabelMap(renumbered, scan.grid, MUSCLE_NAMES))

    before, after = measured(case), measured((traded, scan))
    for old, new in enumerate(order):
        for region in range(3):
            was, now = before.rows[3 * old + region], after.rows[3 * new + region]
            assert now == replace(was, muscle=MUSCLES[new].abbreviation)


@settings(deadline=None, max_examples=25)
@given(cases(), st.floats(0.01, 1000))
def test_gain_does_not_change_a_size(case: Case, gain: float) -> None:
    """Volumes, cross-sections and lengths depend on the labels only."""
    split, scan = case
    brighter = replace(scan, intensity=scan.intensity * np.float32(gain))

    before, after = measured(case), measured((split, brighter))
    assert [size(row) for row in after.rows] == [size(row) for row in before.rows]


def size(row: Measurement) -> Measurement:
    """Give a row without fat."""
    return replace(
        row,
        contractile_mm3=None,
        fat_fraction=None,
        fat_fraction_low=None,
        fat_fraction_high=None,
    )


@settings(deadline=None, max_examples=25)
@given(
    cases(),
    st.lists(st.sampled_from(PLANTAR_MUSCLES), min_size=1, unique=True).flatmap(
        lambda chosen: st.tuples(st.just(chosen), st.permutations(chosen))
    ),
)
def test_the_order_of_muscles_does_not_change_a_total(
    case: Case, chosen: tuple[list[str], list[str]]
) -> None:
    """Rows and sums do not depend on the order of the setting."""
    before, after = (measured(case, tuple(muscles)) for muscles in chosen)

    assert astuple(replace(after, muscles=())) == astuple(replace(before, muscles=()))
    for region in REGIONS:
        assert after.volume_cm3(region) == before.volume_cm3(region)


@settings(deadline=None, max_examples=25)
@given(cases(), st.floats(0, 6))
def test_a_border_farther_toward_the_toes_leaves_more_in_the_rearfoot(
    case: Case, step_mm: float
) -> None:
    """The rearfoot volume of no muscle decreases."""
    split, scan = case
    border = split.landmarks.border
    farther = replace(border, position_mm=border.position_mm + step_mm)
    moved = RegionSplit.at(split.segmentation, replace(split.landmarks, border=farther))

    before, after = measured(case), measured((moved, scan))
    for was, now in zip(before.rows[::3], after.rows[::3], strict=True):
        assert was.volume_mm3 is not None
        assert now.volume_mm3 is not None
        assert now.volume_mm3 >= was.volume_mm3 - 1e-4
