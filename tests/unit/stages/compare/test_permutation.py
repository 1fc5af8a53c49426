"""Permutation tests."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparisons import A, B, first_row, volumes_of
from scipy import stats

from pipeline.domain.comparison import PermutationTest
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.permutation import sign_test, split_test


def test_all_splits_agree_with_scipy() -> None:
    """For groups of unequal size with a tie."""
    a, b = np.array([4.0, 9.0, 2.0, 7.0]), np.array([1.0, 3.0, 2.0, 0.5, 5.0])

    result = split_test(a, b, 99, 1)

    def distance(x: Any, y: Any, axis: int = -1) -> Any:
        return np.abs(x.mean(axis=axis) - y.mean(axis=axis))

    expected = stats.permutation_test((a, b), distance, alternative="greater", vectorized=True)
    assert result.method == "exact, 126"
    assert result.p == pytest.approx(expected.pvalue)


def test_random_splits_depend_on_the_seed_alone() -> None:
    """The order of the groups does not matter; the observed split counts as one."""
    generator = np.random.default_rng(3)
    a, b = generator.normal(2, 1, 12), generator.normal(0, 1, 13)

    result = split_test(a, b, 499, 20)

    assert result == split_test(b, a, 499, 20)
    assert result == PermutationTest(1 / 500, "random, 499")


def test_random_signs_where_pairs_are_many() -> None:
    """Eighteen pairs have 262 144 combinations of signs; equal signs are the extreme."""
    result = sign_test(np.linspace(1, 2, 18), 499, 20)

    assert result == PermutationTest(1 / 500, "random, 499")


def test_no_permutations_leaves_them_out() -> None:
    """With a setting of 0."""
    row = first_row(volumes_of({"healthy": A, "pf": B}), CompareParams(permutations=0))

    assert pd.isna(row["permutation_p"])
    assert pd.notna(row["p"])
