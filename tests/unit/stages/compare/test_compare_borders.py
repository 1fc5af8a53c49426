"""The comparison with the border moved."""

import numpy as np
import pandas as pd
import pytest

from pipeline.domain.anatomy import REGIONS
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.compare_borders import border_table, compare_borders
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import statistics_table
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS


def make_volumes() -> pd.DataFrame:
    """Make three measured participants per group, one without a body mass, and a failed one."""
    rearfoot = [50.0, 54.0, 57.0, 41.0, 46.0, 44.0, np.nan]
    volumes = pd.DataFrame(
        {
            "participant_id": [f"sub-{k:02d}" for k in range(7)],
            "group": ["healthy"] * 3 + ["patient"] * 4,
            "foot_length_mm": [240.0, 251.0, 233.0, 246.0, 229.0, 238.0, 244.0],
            "body_mass_kg": [60.0, 72.0, 66.0, np.nan, 81.0, 75.0, 70.0],
            "status": ["ok"] * 6 + ["failed"],
            "rearfoot_cm3": rearfoot,
            "forefoot_cm3": [30.0, 33.0, 31.0, 30.0, 34.0, 29.0, np.nan],
        }
    ).reindex(columns=list(VOLUME_COLUMNS))
    volumes["total_cm3"] = volumes["rearfoot_cm3"] + volumes["forefoot_cm3"]
    for region in REGIONS:
        cm3 = volumes[f"{region}_cm3"]
        volumes[f"{region}_mm3_per_kg"] = 1000 * cm3 / volumes["body_mass_kg"]
        volumes[f"{region}_mm3_per_mm"] = 1000 * cm3 / volumes["foot_length_mm"]
    return volumes


def make_sweep(volumes: pd.DataFrame) -> pd.DataFrame:
    """Add 0.5 cm3 per mm to the rearfoot, and twice that in healthy feet."""
    rows = []
    for row in volumes[volumes["status"] == "ok"].to_dict("records"):
        gain = 1.0 if row["group"] == "healthy" else 0.5
        for mm in (-2.0, 0.0, 2.0):
            moved = (row["rearfoot_cm3"] + gain * mm, row["forefoot_cm3"] - gain * mm)
            rows.append((row["participant_id"], mm, *moved))
    return pd.DataFrame(rows, columns=["participant_id", *SWEEP_COLUMNS])


def test_at_offset_0_the_comparison_is_that_of_the_measured_border() -> None:
    """border_statistics.tsv and statistics.tsv agree to the last digit."""
    volumes, params = make_volumes(), CompareParams()
    moved = border_table(compare_borders(volumes, make_sweep(volumes), params))
    expected = statistics_table(compare(volumes, params)).set_index("outcome")

    middle = moved[moved["offset_mm"] == 0].set_index("outcome")
    shared = ["n_a", "n_b", "mean_difference", "ci95_low", "ci95_high", "p", "cohens_d"]
    pd.testing.assert_frame_equal(
        middle[shared], expected.loc[middle.index, shared], check_dtype=False
    )
    assert middle["n_b"].tolist() == [3, 3, 2, 2, 3, 3]


def test_the_difference_moves_by_the_difference_of_the_gains() -> None:
    """Healthy feet gain 1 and others 0.5 cm3 per mm, so 2 mm are worth 1 cm3."""
    volumes = make_volumes()
    moved = border_table(compare_borders(volumes, make_sweep(volumes), CompareParams()))

    rearfoot = moved[moved["outcome"] == "rearfoot_cm3"].set_index("offset_mm")
    differences = rearfoot["mean_difference"]
    assert differences[2.0] - differences[0.0] == pytest.approx(1.0)
    assert differences[0.0] - differences[-2.0] == pytest.approx(1.0)


def test_nobody_measured_gives_an_empty_table() -> None:
    """Without a sweep there is no row, and no error."""
    volumes = make_volumes()
    nothing = make_sweep(volumes).iloc[:0]

    assert compare_borders(volumes, nothing, CompareParams()) == ()
