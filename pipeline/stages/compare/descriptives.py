"""One group's values of one outcome, and why something cannot be said of them."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]
Facts = dict[str, object]

NOTHING = np.array([], dtype=np.float64)


def has_spread(values: Values) -> bool:
    """Whether values differ by more than rounding."""
    return values.size > 1 and bool(np.ptp(values) > 1e-9 * np.abs(values).max())


def describe(a: Values, b: Values) -> Facts:
    """Give size, means and quartiles of both groups, and how normal each is."""
    return {
        **{f"{name}_a": value for name, value in _describe(a).items()},
        **{f"{name}_b": value for name, value in _describe(b).items()},
        "mean_difference": _mean(a) - _mean(b),
    }


def why_missing(name: str, values: Values) -> list[str]:
    """Give the reasons for the cells that cannot be filled for a group of this name."""
    if values.size < 2:
        count = "nobody" if values.size == 0 else "one participant"
        return [f"{count} measured in {name}: no test"]
    if not has_spread(values):
        return [f"all values alike in {name}: no test"]
    if values.size < 3:
        return [f"two participants in {name}: no Shapiro-Wilk, no Levene"]
    return []


def shapiro_p(values: Values) -> float | None:
    """Give the p of Shapiro and Wilk; missing below three values or without spread."""
    if values.size < 3 or not has_spread(values):
        return None
    return float(stats.shapiro(values).pvalue)


def _describe(values: Values) -> Facts:
    low, middle, high = (
        np.quantile(values, (0.25, 0.5, 0.75)) if values.size else (np.nan, np.nan, np.nan)
    )
    return {
        "n": values.size,
        "mean": _mean(values),
        "sd": float(values.std(ddof=1)) if values.size > 1 else np.nan,
        "median": float(middle),
        "iqr": float(high - low),
        "shapiro_p": shapiro_p(values),
    }


def _mean(values: Values) -> float:
    """Give the mean; missing where there is nothing."""
    return float(values.mean()) if values.size else np.nan
