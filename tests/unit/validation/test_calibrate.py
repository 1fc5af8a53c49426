"""Limits of the prediction intervals."""

import numpy as np
import pandas as pd
import pytest

from validation.calibrate import covered, limits, limits_of_a_new_kind, log_ratios

LOGS = np.log([0.97, 0.99, 1.0, 1.01, 1.03])
ALIKE = dict.fromkeys(("tapered", "filled", "sparse", "contoured"), LOGS)


def test_limits_contain_one() -> None:
    """A bias widens them to one side only."""
    low, high = limits(np.log([1.1, 1.11, 1.09, 1.1]))

    assert low == 1.0
    assert high == pytest.approx(1.13, abs=0.01)


def test_kinds_that_are_alike_need_no_widening() -> None:
    """The interval is that of all feet together."""
    assert covered(ALIKE) == 1.0
    assert limits_of_a_new_kind(ALIKE) == limits(np.tile(LOGS, 4))


def test_a_kind_that_differs_widens_the_interval_for_all() -> None:
    """Until the others, widened as much, would have covered it."""
    by_kind = ALIKE | {"filled": LOGS + 0.08}
    low, high = limits_of_a_new_kind(by_kind)
    pooled = limits(np.concatenate([*by_kind.values()]))

    assert covered(by_kind) < 0.95
    assert low < pooled[0]
    assert high > pooled[1]
    assert np.exp(LOGS + 0.08).max() < high


def test_volumes_that_are_absent_or_unknown_have_no_ratio() -> None:
    """True over measured volume of those that have both."""
    rows = pd.DataFrame(
        {"QP_total_true_cm3": [8.0, 0.0, 5.0], "QP_total_cm3": [4.0, 1.0, None]}
    )

    assert log_ratios(rows, "QP", "total").tolist() == [pytest.approx(np.log(2))]
