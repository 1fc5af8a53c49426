"""The fat fraction of several muscles."""

import pytest

from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side


def test_the_fat_fraction_is_weighted_by_volume() -> None:
    """Nine parts with 10 % of fat and one with 40 % make 13 %; other muscles do not count."""
    rows = tuple(
        Measurement(muscle, "total", volume_mm3, None, fraction, None, None, None)
        for muscle, volume_mm3, fraction in (
            ("ABH", 9000.0, 0.1),
            ("FDB", 1000.0, 0.4),
            ("EDB", 5000.0, 0.9),
        )
    )
    table = MeasurementTable(
        rows, ("ABH", "FDB"), Side.RIGHT, "made", Border("tmt1", 1.0), 0, 1
    )

    assert table.fat_fraction() == pytest.approx(0.13)
