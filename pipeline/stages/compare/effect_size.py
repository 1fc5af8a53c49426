"""Cohen's d with its exact interval, and Hedges' g."""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

TAIL = 0.025
LARGEST_T = 1000.0  # beyond, scipy's noncentral t does not converge

Interval = tuple[float, float] | tuple[None, None]


def cohens_d(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, Interval]:
    """Give Cohen's d and its exact 95 % confidence interval.

    Parameters
    ----------
    a, b
        Two groups of two values or more, with spread.

    Returns
    -------
    d
        Mean of a less mean of b, over the pooled SD.
    interval
        Its lower and upper end; None twice where t is beyond 1000.

    Notes
    -----
    The interval inverts the noncentral t distribution with n_a + n_b - 2 degrees
    of freedom (Cumming and Finch 2001, doi:10.1177/0013164401614002).
    """
    df = a.size + b.size - 2
    pooled_variance = ((a.size - 1) * a.var(ddof=1) + (b.size - 1) * b.var(ddof=1)) / df
    d = float((a.mean() - b.mean()) / np.sqrt(pooled_variance))
    root_n = float(np.sqrt(a.size * b.size / (a.size + b.size)))
    t = abs(d) * root_n
    if t > LARGEST_T:
        return d, (None, None)
    low, high = (end / root_n for end in _noncentralities(t, df))
    return d, (low, high) if d >= 0 else (-high, -low)


def hedges_g(d: float, df: int) -> float:
    """Take the small-sample bias out of Cohen's d.

    Parameters
    ----------
    df
        n_a + n_b - 2.

    Notes
    -----
    The exact factor, not its approximation 1 - 3 / (4 df - 1)
    (Hedges 1981, doi:10.3102/10769986006002107).
    """
    logs = special.gammaln(df / 2) - special.gammaln((df - 1) / 2)
    return d * float(np.exp(logs) / np.sqrt(df / 2))


def _noncentralities(t: float, df: int) -> tuple[float, float]:
    """Find the noncentralities for which t, not negative, lies at either tail."""
    # four standard errors: farther out, scipy's noncentral t underflows to NaN
    reach = 4 * np.sqrt(1 + t**2 / (2 * df))
    low = optimize.brentq(lambda n: stats.nct.sf(t, df, n) - TAIL, t - reach, t)
    high = optimize.brentq(lambda n: stats.nct.cdf(t, df, n) - TAIL, t, t + reach)
    return float(low), float(high)
