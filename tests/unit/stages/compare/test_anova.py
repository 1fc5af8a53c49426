"""More than two groups."""

import time

import numpy as np
import pytest
from comparisons import (
    A,
    B,
    statistics_of,
    volumes_of,
)

from pipeline.domain.outcomes import OUTCOMES
from pipeline.settings.compare import CompareParams


def test_each_pair_of_three_groups_has_a_row_reference_first() -> None:
    """Holm's method ranks outcomes by their smallest p, already corrected for the pairs."""
    volumes = volumes_of({"runner": A, "pf": B, "healthy": (50.0, 52.0, 49.0, 55.0)})

    rows = statistics_of(volumes, CompareParams(permutations=0))
    of_first = rows[rows["outcome"] == OUTCOMES[0]]

    assert of_first[["group_a", "group_b"]].to_numpy().tolist() == [
        ["healthy", "pf"],
        ["healthy", "runner"],
        ["pf", "runner"],
    ]
    assert of_first["p_holm"].tolist() == pytest.approx(
        [
            min(1, 3 * p) if p == of_first["p"].min() else p_holm
            for p, p_holm in zip(of_first["p"], of_first["p_holm"], strict=True)
        ]
    )
    assert (rows["p_holm"] >= rows["p"]).all()
    assert set(rows["family_tests"]) == {3}


def test_a_third_group_without_measurements_leaves_a_t_test() -> None:
    """The other rows say which group was not measured."""
    volumes = volumes_of({"healthy": A, "pf": B, "runner": (None, 60.0)})

    rows = statistics_of(volumes).head(3).set_index(["group_a", "group_b"])

    assert rows.loc[("healthy", "pf"), "test"] == "welch"
    assert rows.loc[("pf", "runner"), "note"] == "one participant measured in runner: no test"


@pytest.mark.slow
def test_as_many_groups_as_are_allowed_take_seconds() -> None:
    """Groups have two feet each."""
    rng = np.random.default_rng(3)
    groups = {name: rng.normal(60, 5, 2).tolist() for name in ("healthy", *"abcdefghi")}
    started = time.process_time()
    rows = statistics_of(volumes_of(groups), CompareParams())

    assert len(rows) == 45 * len(OUTCOMES)
    assert time.process_time() - started < 45
