"""Agreement of volumes across feet."""

import numpy as np
import pandas as pd
import pytest

from pipeline.stages.agree import reliability


def make_overlaps(pairs: list[tuple[float, float]], label: str = "ABH") -> pd.DataFrame:
    """Make rows of volumes."""
    rows = pd.DataFrame(pairs, columns=["reference_cm3", "segmentation_cm3"])
    return rows.assign(label=label, difference_cm3=rows.iloc[:, 1] - rows.iloc[:, 0])


def test_across_feet_the_bias_is_segmentation_minus_reference() -> None:
    """Segmentations about 1 cm3 too large have a positive bias."""
    pairs = [(10.0, 11.0), (14.0, 15.5), (12.0, 12.5), (17.0, 18.0)]
    (row,) = reliability(make_overlaps(pairs)).to_dict("records")

    assert row["n"] == 4
    assert row["bias_cm3"] == pytest.approx(1.0)
    assert row["sd_cm3"] == pytest.approx(np.sqrt(0.5 / 3))
    assert row["limit_high_cm3"] == pytest.approx(1 + 1.96 * np.sqrt(0.5 / 3))
    assert row["icc21_ci95_low"] < row["icc21"] < row["icc21_ci95_high"]
    assert row["note"] is None


def test_a_foot_that_lacks_the_structure_is_left_out_of_its_row() -> None:
    """A volume of zero is not compared; with fewer than two feet a note gives the reason."""
    pairs = [(10.0, 11.0), (14.0, 0.0)]
    (row,) = reliability(make_overlaps(pairs)).to_dict("records")

    assert row["n"] == 1
    assert row["note"] == "needs two feet with it in both maps"
    assert pd.isna(row["icc21"])
