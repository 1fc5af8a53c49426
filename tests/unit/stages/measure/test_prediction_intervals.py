"""95 % prediction intervals, and the reasons for missing ones."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain.anatomy import PLANTAR_MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.stages.measure.prediction_intervals import with_intervals

SPACING_MM = (0.5, 0.6, 4.0)
SHARES = {"rearfoot": 0.4, "forefoot": 0.6, "total": 1.0}


def make_scan(
    spacing_mm: tuple[float, ...] = SPACING_MM, contrast: Contrast = Contrast.T1W
) -> Scan:
    """Make a scan of which only spacing and contrast matter."""
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    return Scan(voxels, Grid.from_arrays(voxels.shape, np.diag((*spacing_mm, 1))), contrast)


@pytest.fixture
def table() -> MeasurementTable:
    """Make ten muscles of 8 cm3, a tenth of it fat."""
    rows = [
        Measurement(muscle, region, 8000 * fraction, 7200 * fraction, 0.1, 100.0, 50.0, 60.0)
        for muscle in PLANTAR_MUSCLES
        for region, fraction in SHARES.items()
    ]
    border = Border("tmt1", 118.5)
    return MeasurementTable(
        tuple(rows), PLANTAR_MUSCLES, Side.RIGHT, "network", border, 0.4, 241.5
    )


def codes(table: MeasurementTable) -> list[str]:
    """Give the codes of the cautions."""
    return [c.code for c in table.cautions]


def test_sums_and_muscles_have_an_interval_that_contains_them(table: MeasurementTable) -> None:
    """It is relatively wider for a small muscle than for the sum."""
    found = with_intervals(table, make_scan())

    assert codes(found) == []
    assert set(found.ci95_cm3) == set(SHARES)
    low, high = found.ci95_cm3["total"]
    assert 70 < low <= 80 <= high < 95
    widths = {}
    for row in found.rows:
        if row.region == "total":
            assert row.volume_ci95_low_mm3 is not None
            assert row.volume_ci95_high_mm3 is not None
            assert row.volume_ci95_low_mm3 <= 8000 <= row.volume_ci95_high_mm3
            widths[row.muscle] = (row.volume_ci95_high_mm3 - row.volume_ci95_low_mm3) / 8000
    assert (high - low) / 80 < widths["ADHT"]


def test_a_doubted_foot_has_wider_intervals(table: MeasurementTable) -> None:
    """Where the network and the scan's intensities disagree."""
    caution = Caution("brightness-differs", "They overlap by 0.8 only.", "segment")

    plain, doubted = (
        with_intervals(replace(table, cautions=cautions), make_scan()).ci95_cm3
        for cautions in ((), (caution,))
    )

    for region, (low, high) in plain.items():
        assert doubted[region][0] <= low
        assert doubted[region][1] - doubted[region][0] > 1.2 * (high - low)


@pytest.mark.parametrize(
    ("scan", "message"),
    [
        (make_scan(contrast=Contrast.T2W), "water images of 1.05 x 1.05 x 4.5 mm or finer"),
        (make_scan(contrast=Contrast.FAT), "or finer only"),
        (make_scan((0.5, 1.1, 4.0)), "or finer only"),
        (make_scan((0.5, 0.5, 5.0)), "or finer only"),
    ],
)
def test_other_scans_have_none_and_say_why(
    scan: Scan, message: str, table: MeasurementTable
) -> None:
    """The segmenter is not calibrated for them."""
    found = with_intervals(table, scan)

    assert codes(found) == ["interval-unknown"]
    assert message in found.cautions[0].message
    assert found.rows == table.rows
    assert found.ci95_cm3 == {}


@pytest.mark.parametrize("contrast", [Contrast.T1W, Contrast.PDW, Contrast.WATER])
def test_the_network_is_calibrated_for_more_contrasts_and_fatty_muscle(
    contrast: Contrast, table: MeasurementTable
) -> None:
    """Its intervals are narrow there."""
    rows = tuple(replace(row, fat_fraction=0.3) for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan((1.0, 1.0, 3.0), contrast))

    low, high = found.ci95_cm3["total"]
    assert codes(found) == []
    assert 70 < low < 79
    assert 81 < high < 90


@pytest.mark.parametrize("segmenter", ["network+corrected", "another"])
def test_other_segmenters_have_none(segmenter: str, table: MeasurementTable) -> None:
    """Corrected labels have errors of another kind."""
    found = with_intervals(replace(table, segmenter=segmenter), make_scan())

    assert f"'{segmenter}' is not calibrated on digital feet" in found.cautions[0].message


@pytest.mark.parametrize(("fat", "message"), [(0.5, "and it is 0.50"), (None, "it is unknown")])
def test_fatty_muscles_have_none(
    fat: float | None, message: str, table: MeasurementTable
) -> None:
    """No foot of the calibration had muscle that is half fat."""
    rows = tuple(replace(row, fat_fraction=fat) for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan())

    assert message in found.cautions[0].message


def test_a_muscle_cut_by_the_image_and_its_sum_have_none(table: MeasurementTable) -> None:
    """Its volume is a lower bound; other muscles have intervals."""
    rows = tuple(replace(row, is_truncated=row.muscle == "ABH") for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan())

    without = {row.muscle for row in found.rows if row.volume_ci95_low_mm3 is None}
    assert "ABH" in without
    assert "FDB" not in without
    assert found.ci95_cm3 == {}


def test_another_choice_of_muscles_has_no_interval_of_its_sum(table: MeasurementTable) -> None:
    """Errors of muscles cancel in part, so that of another sum is unknown."""
    found = with_intervals(replace(table, muscles=("ABH", "FDB")), make_scan())

    assert found.ci95_cm3 == {}
    assert found.rows[0].volume_ci95_low_mm3 is not None
