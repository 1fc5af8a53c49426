"""95 % intervals, and why there are none."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain.anatomy import PLANTAR_MUSCLES
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
    """Make a scan whose spacing and contrast alone matter."""
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    return Scan(voxels, Grid.from_arrays(voxels.shape, np.diag((*spacing_mm, 1))), contrast)


@pytest.fixture
def table() -> MeasurementTable:
    """Make ten muscles of 8 cm3, a tenth of it fat."""
    rows = [
        Measurement(muscle, region, 8000 * part, 7200 * part, 0.1, 100.0, 50.0, 60.0)
        for muscle in PLANTAR_MUSCLES
        for region, part in SHARES.items()
    ]
    border = Border("tmt1", 118.5)
    return MeasurementTable(
        tuple(rows), PLANTAR_MUSCLES, Side.RIGHT, "network", border, 0.4, 241.5
    )


def codes(table: MeasurementTable) -> list[str]:
    """Give the codes of the cautions."""
    return [c.code for c in table.cautions]


def test_sums_and_muscles_have_an_interval_that_holds_them(table: MeasurementTable) -> None:
    """Wider in proportion for a small muscle than for the sum."""
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


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (make_scan(contrast=Contrast.T2W), "water images of 1.05 x 1.05 x 4.5 mm or finer"),
        (make_scan(contrast=Contrast.FAT), "or finer only"),
        (make_scan((0.5, 1.1, 4.0)), "or finer only"),
        (make_scan((0.5, 0.5, 5.0)), "or finer only"),
    ],
)
def test_other_scans_have_none_and_say_why(
    scan: Scan, words: str, table: MeasurementTable
) -> None:
    """Nothing is known of the errors there."""
    found = with_intervals(table, scan)

    assert codes(found) == ["interval-unknown"]
    assert words in found.cautions[0].message
    assert found.rows == table.rows
    assert found.ci95_cm3 == {}


@pytest.mark.parametrize("contrast", [Contrast.T1W, Contrast.PDW, Contrast.WATER])
def test_the_network_was_measured_on_other_scans_and_fatty_muscle(
    contrast: Contrast, table: MeasurementTable
) -> None:
    """So its intervals hold there."""
    rows = tuple(replace(row, fat_fraction=0.3) for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan((1.0, 1.0, 3.0), contrast))

    low, high = found.ci95_cm3["total"]
    assert codes(found) == []
    assert 70 < low < 79
    assert 81 < high < 90


@pytest.mark.parametrize("segmenter", ["network+corrected", "another"])
def test_other_segmenters_have_none(segmenter: str, table: MeasurementTable) -> None:
    """Corrected labels are nobody's known errors."""
    found = with_intervals(replace(table, segmenter=segmenter), make_scan())

    assert f"errors of '{segmenter}' were not measured" in found.cautions[0].message


@pytest.mark.parametrize(("fat", "words"), [(0.5, "and it is 0.50"), (None, "it is unknown")])
def test_fatty_muscles_have_none(
    fat: float | None, words: str, table: MeasurementTable
) -> None:
    """No foot of the calibration had muscle that is half fat."""
    rows = tuple(replace(row, fat_fraction=fat) for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan())

    assert words in found.cautions[0].message


def test_a_muscle_cut_by_the_image_has_none_nor_has_the_sum(table: MeasurementTable) -> None:
    """Its volume is a lower bound; the other muscles keep theirs."""
    rows = tuple(replace(row, is_truncated=row.muscle == "ABH") for row in table.rows)

    found = with_intervals(replace(table, rows=rows), make_scan())

    without = {row.muscle for row in found.rows if row.volume_ci95_low_mm3 is None}
    assert "ABH" in without
    assert "FDB" not in without
    assert found.ci95_cm3 == {}


def test_another_choice_of_muscles_has_no_interval_of_its_sum(table: MeasurementTable) -> None:
    """Errors of single muscles cancel in part, so they do not tell that of another sum."""
    found = with_intervals(replace(table, muscles=("ABH", "FDB")), make_scan())

    assert found.ci95_cm3 == {}
    assert found.rows[0].volume_ci95_low_mm3 is not None
