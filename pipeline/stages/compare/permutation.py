"""Permutation tests of a mean difference."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Result = tuple[float, str]

MOST_SPLITS = 200_000  # ten against ten are 184 756: a tenth of a second
_ROUNDING = 1e-9


def split_test(a: Values, b: Values, draws: int, seed: int) -> Result:
    """Test whether labels can be exchanged between two groups.

    Parameters
    ----------
    draws
        Random splits, where all are more than `MOST_SPLITS`.

    Returns
    -------
    p
        Two-sided: the part of all splits whose means differ by as much or more. Of
        random splits the observed one counts as one more (Phipson and Smyth 2010,
        doi:10.2202/1544-6115.1585).
    method
        ``exact`` or ``random``, and the number of splits.

    Notes
    -----
    `scipy.stats.permutation_test` gives the same p, but lists all splits anew for each
    outcome, which takes some hundred times as long.
    """
    # the smaller group first, then the lesser values: which is the reference is no matter
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
    return _judge(differences, first.mean() - second.mean(), pooled, is_exact=is_exact)


def sign_test(differences: Values, draws: int, seed: int) -> Result:
    """Test whether signs can be exchanged within pairs (Fisher 1935); see `split_test`."""
    is_exact = 2**differences.size <= MOST_SPLITS
    if is_exact:
        bits = np.arange(2**differences.size)[:, np.newaxis] >> np.arange(differences.size)
        signs = 2 * (bits & 1) - 1
    else:
        generator = np.random.default_rng(seed)
        signs = 2 * generator.integers(0, 2, (draws, differences.size)) - 1
    means = (signs * differences).mean(axis=1)
    return _judge(means, differences.mean(), differences, is_exact=is_exact)


def _judge(found: Values, observed: float, values: Values, *, is_exact: bool) -> Result:
    """Count what is as far from 0 as what was observed."""
    limit = abs(observed) - _ROUNDING * np.abs(values).max()
    extreme = np.count_nonzero(np.abs(found) >= limit)
    if is_exact:
        return extreme / found.size, f"exact, {found.size}"
    return (extreme + 1) / (found.size + 1), f"random, {found.size}"


@lru_cache(maxsize=4)
def _all_splits(total: int, size: int) -> NDArray[np.intp]:
    """Give the members of the first group in every split."""
    flat: Iterator[int] = (i for split in combinations(range(total), size) for i in split)
    return np.fromiter(flat, dtype=np.intp).reshape(-1, size)


@lru_cache(maxsize=4)
def _random_splits(total: int, size: int, draws: int, seed: int) -> NDArray[np.intp]:
    """Give the members of the first group in some splits."""
    rows = np.tile(np.arange(total), (draws, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)[:, :size]
