"""Cohen's d with its exact interval, Hedges' g, and the smallest detectable d."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from pipeline.domain.comparison import EffectSize, Interval

TAIL = 0.025
ALPHA = 0.05
LARGEST_T = 1000.0  # beyond, scipy's noncentral t does not converge


def cohens_d(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, Interval | None]:
    """Give Cohen's d and its exact 95 % confidence interval.

    Parameters
    ----------
    a, b
        Two groups of two values or more each, with spread.

    Returns
    -------
    d
        Mean of a minus mean of b, over the pooled SD.
    interval
        None where t is beyond 1000.

    Notes
    -----
    The interval inverts the noncentral t distribution with n_a + n_b - 2 degrees
    of freedom (Cumming and Finch 2001, doi:10.1177/0013164401614002).
    """
    df = a.size + b.size - 2
    pooled_variance = ((a.size - 1) * a.var(ddof=1) + (b.size - 1) * b.var(ddof=1)) / df
    d = float((a.mean() - b.mean()) / np.sqrt(pooled_variance))
    return d, _interval(d, float(np.sqrt(a.size * b.size / (a.size + b.size))), df)


def paired_d(differences: NDArray[np.float64]) -> tuple[float, Interval | None]:
    """Give d of the differences within pairs, over their SD, and its exact interval.

    Parameters
    ----------
    differences
        Two or more, with spread.

    Returns
    -------
    d, interval
        As `cohens_d`, with n - 1 degrees of freedom.
    """
    d = float(differences.mean() / differences.std(ddof=1))
    return d, _interval(d, float(np.sqrt(differences.size)), differences.size - 1)


def effect_size(
    d: float, interval: Interval | None, *, df: int, detectable: float, power: float
) -> EffectSize:
    """Gather d and g with their intervals; g is None below 2 degrees of freedom."""
    has_g = df >= 2
    return EffectSize(
        cohens_d=d,
        cohens_d_ci95=interval,
        hedges_g=hedges_g(d, df) if has_g else None,
        hedges_g_ci95=Interval(hedges_g(interval.low, df), hedges_g(interval.high, df))
        if has_g and interval
        else None,
        detectable_d=detectable,
        power=power,
    )


def hedges_g(d: float, df: int) -> float:
    """Correct Cohen's d for its small-sample bias.

    Parameters
    ----------
    df
        n_a + n_b - 2; n - 1 for pairs.

    Notes
    -----
    The exact factor, not its approximation 1 - 3 / (4 df - 1)
    (Hedges 1981, doi:10.3102/10769986006002107). It needs df of 2 or more.
    """
    logs = special.gammaln(df / 2) - special.gammaln((df - 1) / 2)
    return d * float(np.exp(logs) / np.sqrt(df / 2))


@lru_cache
def detectable_d(n_a: int, n_b: int | None, power: float) -> float:
    """Give the smallest d that a two-sided t test at 0.05 detects with this power.

    Parameters
    ----------
    n_a, n_b
        Sizes of two groups, two or more; without `n_b`, the number of pairs.
    power
        Probability of detecting it.
    """
    if n_b is None:
        return float(TTestPower().solve_power(nobs=n_a, alpha=ALPHA, power=power))
    n_low, n_high = sorted((n_a, n_b))
    d = TTestIndPower().solve_power(nobs1=n_low, ratio=n_high / n_low, alpha=ALPHA, power=power)
    return float(d)


def _interval(d: float, root_n: float, df: int) -> Interval | None:
    """Give the exact interval of a d whose t is d times `root_n`."""
    t = abs(d) * root_n
    if t > LARGEST_T:
        return None
    low, high = (end / root_n for end in _noncentralities(t, df))
    return Interval(low, high) if d >= 0 else Interval(-high, -low)


def _noncentralities(t: float, df: int) -> tuple[float, float]:
    """Find the two noncentralities that leave 2.5 % beyond a non-negative t."""
    # four standard errors: farther out, scipy's noncentral t underflows to NaN
    reach = 4 * np.sqrt(1 + t**2 / (2 * df))
    low = optimize.brentq(lambda n: stats.nct.sf(t, df, n) - TAIL, t - reach, t)
    high = optimize.brentq(lambda n: stats.nct.cdf(t, df, n) - TAIL, t, t + reach)
    return float(low), float(high)
