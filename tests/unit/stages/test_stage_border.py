"""Volumes with the border moved."""

import numpy as np
import pandas as pd
import pytest
from makers import BLOCK, make_frame, make_grid, make_labels, make_landmarks, make_segmentation

from pipeline.domain.anatomy import REGIONS
from pipeline.domain.region_split import RegionSplit
from pipeline.stages.compare import VOLUME_COLUMNS, CompareParams, compare
from pipeline.stages.measure.border_sweep import (
    OFFSETS_MM,
    SWEEP_COLUMNS,
    compare_borders,
    sweep_border,
)

ABH_IN_BLOCK = {1: BLOCK}
BORDER_MM = 24.0


def make_split(border_mm: float) -> RegionSplit:
    """Put one muscle across a border at a place on the long axis."""
    muscles = make_labels(make_grid(), ABH_IN_BLOCK)
    landmarks = make_landmarks(make_frame(), border_mm)
    return RegionSplit.at(make_segmentation(muscles), landmarks)


def test_each_step_is_what_a_split_there_would_be() -> None:
    """Moving the border and parting the foot anew are the same."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    for offset_mm, rearfoot_cm3 in zip(sweep["offset_mm"], sweep["rearfoot_cm3"], strict=True):
        split = make_split(BORDER_MM + offset_mm)
        share = split.rearfoot_fraction[split.muscles.voxels == 1].sum(dtype=float)
        assert rearfoot_cm3 == pytest.approx(share * 0.5 * 0.7 * 3.0 / 1e3, rel=1e-5)
    assert sweep["rearfoot_cm3"].is_monotonic_increasing
    assert 0 < sweep["rearfoot_cm3"].iloc[0] < sweep["rearfoot_cm3"].iloc[-1]


def test_the_total_stays() -> None:
    """What the rearfoot gains the forefoot loses."""
    sweep = sweep_border(make_split(BORDER_MM), ("ABH",))

    whole_cm3 = 6 * 15 * 11 * 0.5 * 0.7 * 3.0 / 1e3
    np.testing.assert_allclose(sweep["rearfoot_cm3"] + sweep["forefoot_cm3"], whole_cm3)


def test_muscles_that_are_not_chosen_do_not_count() -> None:
    """A foot without any chosen muscle has zero on both sides."""
    sweep = sweep_border(make_split(BORDER_MM), ("FDB",))

    assert (sweep[["rearfoot_cm3", "forefoot_cm3"]] == 0).all(axis=None)
    assert tuple(sweep["offset_mm"]) == OFFSETS_MM


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
    """Move 0.5 cm3 per mm, and twice that in healthy feet."""
    rows = []
    for row in volumes[volumes["status"] == "ok"].to_dict("records"):
        gain = 1.0 if row["group"] == "healthy" else 0.5
        for mm in (-2.0, 0.0, 2.0):
            moved = (row["rearfoot_cm3"] + gain * mm, row["forefoot_cm3"] - gain * mm)
            rows.append((row["participant_id"], mm, *moved))
    return pd.DataFrame(rows, columns=["participant_id", *SWEEP_COLUMNS])


def test_at_offset_0_the_comparison_is_the_comparison() -> None:
    """The table of the moved border and statistics.tsv agree to the last digit."""
    volumes, params = make_volumes(), CompareParams()
    moved = compare_borders(volumes, make_sweep(volumes), params)
    expected = compare(volumes, params).set_index("outcome")

    middle = moved[moved["offset_mm"] == 0].set_index("outcome")
    shared = ["n_a", "n_b", "mean_difference", "ci95_low", "ci95_high", "p", "cohens_d"]
    pd.testing.assert_frame_equal(
        middle[shared], expected.loc[middle.index, shared], check_dtype=False
    )
    assert middle["n_b"].tolist() == [3, 3, 2, 2, 3, 3]


def test_the_difference_moves_by_the_difference_of_the_gains() -> None:
    """Healthy feet gain 1 and others 0.5 cm3 per mm, so 2 mm are worth 1 cm3."""
    volumes = make_volumes()
    moved = compare_borders(volumes, make_sweep(volumes), CompareParams())

    rearfoot = moved[moved["outcome"] == "rearfoot_cm3"].set_index("offset_mm")
    differences = rearfoot["mean_difference"]
    assert differences[2.0] - differences[0.0] == pytest.approx(1.0)
    assert differences[0.0] - differences[-2.0] == pytest.approx(1.0)


def test_nobody_measured_gives_an_empty_table() -> None:
    """Without a sweep there is no row, and no error."""
    volumes = make_volumes()
    nothing = make_sweep(volumes).iloc[:0]

    assert compare_borders(volumes, nothing, CompareParams()).empty
