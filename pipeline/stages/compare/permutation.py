"""Permutation tests of a mean difference."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.comparison import PermutationTest

Values = NDArray[np.float64]

MOST_SPLITS = 200_000  # ten against ten are 184 756: a tenth of a second
_ROUNDING = 1e-9


def split_test(a: Values, b: Values, draws: int, seed: int) -> PermutationTest:
    """Test whether labels can be exchanged between two groups.

    Parameters
    ----------
    draws
        Number of random splits, used where there are more than `MOST_SPLITS` in all.

    Notes
    -----
    The two-sided p is the fraction of splits whose means differ by as much or more. With
    random splits the observed one is counted as one more (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585). `scipy.stats.permutation_test` gives the same p, but
    enumerates all splits again for each outcome, which takes about a hundred times as long.
    """
    # the smaller group first, then the smaller values, so that the reference does not matter
    first, second = sorted((a, b), key=lambda group: (group.size, group.tolist()))
    pooled = np.concatenate((first, second))
    number = comb(pooled.size, first.size)
    is_exact = number <= MOST_SPLITS
    chosen = (
        _all_splits(pooled.size, first.size)
        if is_exact
        else _random_splits(pooled.size, first.size, draws, seed)
    )
    sums = pooled[chosen].sum(axis=1)
    differences = sums / first.size - (pooled.sum() - sums) / second.size
    return _result(differences, first.mean() - second.mean(), pooled, is_exact=is_exact)


def sign_test(differences: Values, draws: int, seed: int) -> PermutationTest:
    """Test whether signs can be exchanged within pairs (Fisher 1935); see `split_test`."""
    is_exact = 2**differences.size <= MOST_SPLITS
    if is_exact:
        bits = np.arange(2**differences.size)[:, np.newaxis] >> np.arange(differences.size)
        signs = 2 * (bits & 1) - 1
    else:
        generator = np.random.default_rng(seed)
        signs = 2 * generator.integers(0, 2, (draws, differences.size)) - 1
    means = (signs * differences).mean(axis=1)
    return _result(means, differences.mean(), differences, is_exact=is_exact)


def _result(
    permuted: Values, observed: float, values: Values, *, is_exact: bool
) -> PermutationTest:
    """Count the permuted differences that are as far from 0 as the observed one."""
    limit = abs(observed) - _ROUNDING * np.abs(values).max()
    extreme = np.count_nonzero(np.abs(permuted) >= limit)
    if is_exact:
        return PermutationTest(extreme / permuted.size, f"exact, {permuted.size}")
    return PermutationTest((extreme + 1) / (permuted.size + 1), f"random, {permuted.size}")


@lru_cache(maxsize=4)
def _all_splits(total: int, size: int) -> NDArray[np.intp]:
    """Give the members of the first group in every split."""
    flat: Iterator[int] = (i for split in combinations(range(total), size) for i in split)
    return np.fromiter(flat, dtype=np.intp).reshape(-1, size)


@lru_cache(maxsize=4)
def _random_splits(total: int, size: int, draws: int, seed: int) -> NDArray[np.intp]:
    """Give the members of the first group in random splits."""
    rows = np.tile(np.arange(total), (draws, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)[:, :size]
