"""Bias and limits of agreement of two methods."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Bias and limits of agreement, with 95 % confidence intervals."""

    n: int
    bias: float
    bias_ci95: Interval
    sd: float
    low: float
    low_ci95: Interval
    high: float
    high_ci95: Interval


def bland_altman(first: ArrayLike, second: ArrayLike, multiple: float = 1.96) -> BlandAltman:
    """Give bias and limits of agreement of first minus second.

    Parameters
    ----------
    multiple
        SDs from bias to limit; Bland and Altman 1986 rounded 1.96 to 2.

    Raises
    ------
    ValueError
        If there are fewer than two pairs.

    Notes
    -----
    The standard error of a limit is SD x sqrt(1/n + multiple^2 / 2n), which is their
    sqrt(3/n) where the multiple is 2 (Bland and Altman 1986,
    doi:10.1016/S0140-6736(86)90837-8). The limits assume normally distributed differences
    that do not depend on the mean, which the plot shows.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = differences.size
    if n < 2:
        msg = f"Limits of agreement need two pairs, got {n}"
        raise ValueError(msg)
    bias, sd = float(differences.mean()), float(differences.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    bias_half = t * sd / float(np.sqrt(n))
    limit_half = t * sd * float(np.sqrt((1 + multiple**2 / 2) / n))
    low, high = bias - multiple * sd, bias + multiple * sd
    return BlandAltman(
        n=n,
        bias=bias,
        bias_ci95=(bias - bias_half, bias + bias_half),
        sd=sd,
        low=low,
        low_ci95=(low - limit_half, low + limit_half),
        high=high,
        high_ci95=(high - limit_half, high + limit_half),
    )
