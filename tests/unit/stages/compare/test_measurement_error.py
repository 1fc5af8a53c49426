"""The measurement error, from each of its sources."""

import numpy as np
import pytest
from comparisons import MASSES, A, B, first_row, statistics_of, volumes_of

from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS


def test_repeats_give_the_error_and_are_not_compared() -> None:
    """By hand: variances within persons 2 (of two scans) and 4 (of three): (2 + 2 x 4) / 3."""
    volumes = volumes_of({"healthy": (60.0, 62.0, 70.0), "pf": (50.0, 52.0, 54.0, 41.0)})
    volumes["repeat_of"] = [None, "00", None, None, "sub-03", "03", None]

    row = first_row(volumes)

    assert row[["n_a", "mean_a", "n_b", "mean_b"]].tolist() == [2, 65.0, 2, 45.5]
    assert row["mdc95_source"] == "repeats of 2 participants"
    assert row["sem"] == pytest.approx(np.sqrt(10 / 3))
    assert row["mdc95"] == pytest.approx(1.96 * np.sqrt(2) * np.sqrt(10 / 3))


@pytest.mark.parametrize(("percent", "is_below"), [(5.0, False), (15.0, True)])
def test_a_difference_below_the_detectable_change_is_marked(
    percent: float, is_below: bool
) -> None:
    """The means differ by 6.6 of 62.1."""
    row = first_row(volumes_of({"healthy": A, "pf": B}), CompareParams(mdc95_percent=percent))

    assert row["mdc95"] == pytest.approx(percent / 100 * 62.1)
    assert (bool(row["below_mdc95"]), row["mdc95_source"]) == (is_below, "setting")


def test_intervals_of_the_segmentation_give_an_error_per_kg_too() -> None:
    """An interval of 4 cm3 each way is 4000 / mass mm3/kg each way."""
    volumes = volumes_of({"healthy": A, "pf": B})
    volumes["rearfoot_mm3_per_kg"] = 1000 * volumes["rearfoot_cm3"] / volumes["body_mass_kg"]
    for end, shift in (("low", -4.0), ("high", 4.0)):
        column = f"rearfoot_ci95_{end}_cm3"
        assert column in VOLUME_COLUMNS
        volumes[column] = volumes["rearfoot_cm3"] + shift

    rows = statistics_of(volumes).set_index("outcome")

    assert rows.loc["rearfoot_cm3", "sem"] == pytest.approx(4 / 1.96)
    root_mean_square = np.sqrt(np.mean((4000 / np.array(MASSES)) ** 2))
    assert rows.loc["rearfoot_mm3_per_kg", "sem"] == pytest.approx(root_mean_square / 1.96)
    assert rows.loc["rearfoot_cm3", "mdc95_source"] == "segmentation intervals"
    assert rows["mdc95"].isna()["total_cm3"]
