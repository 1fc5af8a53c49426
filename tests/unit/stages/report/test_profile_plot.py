"""Cross-sections along the foot as a plot."""

import numpy as np
import pandas as pd

from pipeline.domain.landmarks import Border
from pipeline.stages.report.profile_plot import plot_profile

BORDER = Border("tmt1", 33.0)


def profile_of(*labels: int) -> pd.DataFrame:
    """Make a profile of muscles, the fat of the second half unknown."""
    position_mm = np.arange(11, 60, 2.0)
    rows = [
        pd.DataFrame(
            {
                "index": label,
                "position_mm": position_mm,
                "acsa_mm2": 100.0 + label * position_mm,
                "fat_fraction": np.where(position_mm < 35, 0.1, np.nan),
            }
        )
        for label in labels
    ]
    return pd.concat(rows)


def test_the_profile_names_muscles_border_and_scale() -> None:
    """Only muscles that were found have a row."""
    svg = plot_profile(profile_of(1, 3, 11), BORDER)

    for words in ("abductor hallucis (ABH)", "extensor digitorum brevis (EDB)", "2 cm²"):
        assert f"<!-- {words} -->".encode() in svg
    assert b"rearfoot" in svg
    assert b"(FDB)" not in svg
    assert svg == plot_profile(profile_of(1, 3, 11), BORDER)


def test_a_profile_without_any_muscle_is_drawn() -> None:
    """The axes are empty."""
    assert b"all plantar muscles" in plot_profile(profile_of(1).iloc[:0], BORDER)
