"""Volumes that the tests of the plots share."""

import pandas as pd
import pytest

from pipeline.stages.compare.volume_row import VOLUME_COLUMNS


@pytest.fixture
def volumes() -> pd.DataFrame:
    """Make three participants per group; another column groups them differently."""
    rearfoot_cm3 = [50.0, 54.0, 57.0, 41.0, 46.0, 44.0]
    table = pd.DataFrame({"rearfoot_cm3": rearfoot_cm3}).reindex(columns=list(VOLUME_COLUMNS))
    table["participant_id"] = [f"sub-{k:02d}" for k in range(6)]
    table["group"], table["status"] = ["healthy"] * 3 + ["patient"] * 3, "ok"
    table["body_mass_kg"], table["foot_length_mm"] = [60.0, 72, 66, 80, 81, 75], 240.0
    table["forefoot_cm3"] = table["rearfoot_cm3"] * 0.5 + [3, 1, 2, 4, 1, 3]
    table["total_cm3"] = table["rearfoot_cm3"] + table["forefoot_cm3"]
    for region in ("rearfoot", "forefoot", "total"):
        cm3 = table[f"{region}_cm3"]
        table[f"{region}_mm3_per_kg"] = 1000 * cm3 / table["body_mass_kg"]
    return table.assign(sport=["run", "swim", "run", "swim", "run", "swim"])
